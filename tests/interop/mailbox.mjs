// A mail server of the fewest words (RFC 5321), on this machine alone: what it took stands in `letters`.
import net from 'node:net';

export class Mailbox {
  letters = []; // {to, text}
  #waiting = [];

  async open() {
    this.server = net.createServer((socket) => this.#talk(socket.setEncoding('latin1').on('error', () => undefined)));
    await new Promise((done) => { this.server.listen(0, '127.0.0.1', done); });
    return this.server.address().port;
  }
  close() { this.server.close(); }

  /** The next letter to this address, also one that has come before. */
  async to(address) {
    for (;;) {
      const at = this.letters.findIndex((letter) => letter.to === address);
      if (at >= 0) return this.letters.splice(at, 1)[0].text;
      await new Promise((came) => { this.#waiting.push(came); });
    }
  }

  #talk(socket) {
    let rest = '', to = '', data = false;
    const say = (line) => socket.write(`${line}\r\n`);
    say('220 mailbox');
    socket.on('data', (part) => {
      rest += part;
      for (let end = rest.indexOf(data ? '\r\n.\r\n' : '\r\n'); end >= 0; end = rest.indexOf(data ? '\r\n.\r\n' : '\r\n')) {
        const said = rest.slice(0, end);
        rest = rest.slice(end + (data ? 5 : 2));
        if (data) {
          this.letters.push({ to, text: said.replace(/=\r\n/g, '') });
          for (const came of this.#waiting.splice(0)) came();
        }
        if (/^RCPT TO:/i.test(said)) to = /<(.*)>/.exec(said)[1];
        const begins = !data && /^DATA/i.test(said);
        say(begins ? '354 go on' : /^QUIT/i.test(said) ? '221 bye' : '250 ok');
        data = begins;
      }
    });
  }
}
