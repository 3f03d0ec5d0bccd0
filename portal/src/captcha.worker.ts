import { solve } from './sha256';

addEventListener('message', ({ data }: MessageEvent<{ challenge: string; salt: string; maxnumber: number }>) => {
  postMessage(solve(data.challenge, data.salt, data.maxnumber));
});
