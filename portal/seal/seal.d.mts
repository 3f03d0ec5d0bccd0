export class SealError extends Error {
  code: string;
}
export interface Keys {
  tenant: string;
  domain: string;
  roster: string | null;
  roots: string[];
  statements: string[];
  ready_agents: number;
  now: number;
}
export interface ProbeAnswer {
  sub: string;
  now: number;
  pre: unknown;
}
export interface Known {
  pin: string;
  tenant: string;
  domain: string;
  leastRsn?: number;
  op?: 'reset' | 'change' | 'authenticate';
  old?: string;
}
export function checkPassword(password: string): void;
export function sealFor(keys: Keys, answer: ProbeAnswer, password: string, known: Known): Promise<{ jti: string; sealed: string; rsn: number; dr: string }>;
