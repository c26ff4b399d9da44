// An SMTP server (nodemailer's) that takes every mail: node smtp.mjs PORT
// Prints JSON, a line each: {"listening": PORT} first, then for every mail it took its Message-ID, recipients and SHA-256.
import { createHash } from 'node:crypto';
import { SMTPServer } from 'smtp-server';

const say = (line) => console.log(JSON.stringify(line));
const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS', 'AUTH'],
  onData(stream, session, taken) {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => {
      const mail = Buffer.concat(chunks);
      say({
        id: /^message-id:\s*<(.*)>/im.exec(mail.toString('utf8'))?.[1],
        to: session.envelope.rcptTo.map(({ address }) => address),
        sha256: createHash('sha256').update(mail).digest('hex'),
      });
      taken();
    });
  },
});
// A client that is killed in mid-sentence is what the tests are about.
server.on('error', () => {});
server.listen(Number(process.argv[2]), '127.0.0.1', () => say({ listening: server.server.address().port }));
