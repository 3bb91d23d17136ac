// Puts what two sides say into TLS 1.3 without a network: bench/app_speed.py makes a capture of what comes out.
//
//   node app_tls.mjs KEY CERTIFICATE KEYLOG CIPHER <MESSAGES >RECORDS
//
// A message, in and out: side (0 client, 1 server), 4 bytes of length, bytes; length 0 from side 2 ends a connection. A
// message is encrypted when the other side has got all of the one before.
import { appendFileSync, readFileSync, writeSync } from 'node:fs';
import { Duplex } from 'node:stream';
import tls from 'node:tls';

const [keyFile, certificateFile, keyLog, cipher] = process.argv.slice(2);
const END = 2;

function writeOut(side, bytes) {
  const head = Buffer.alloc(5);
  head[0] = side;
  head.writeUInt32BE(bytes.length, 1);
  for (let left = Buffer.concat([head, bytes]); left.length;) {
    try {
      left = left.subarray(writeSync(1, left));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

// One end of a cable, each of whose writes is told.
class End extends Duplex {
  constructor(side) {
    super();
    this.side = side;
  }

  _read() {}

  _write(chunk, encoding, done) {
    writeOut(this.side, chunk);
    this.other.push(Buffer.from(chunk));
    done();
  }

  _final(done) {
    this.other.push(null);
    done();
  }
}

// Both ends of a TLS connection, and how many bytes each has decrypted.
class Connection {
  constructor() {
    const [client, server] = [new End(0), new End(1)];
    [client.other, server.other] = [server, client];
    const settings = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ciphers: cipher };
    this.sides = [
      tls.connect({ socket: client, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'], servername: 'restitch.test',
                    ...settings }),
      new tls.TLSSocket(server, { isServer: true, key: readFileSync(keyFile), cert: readFileSync(certificateFile),
                                  ALPNProtocols: ['http/1.1'], ...settings }),
    ];
    this.sides[0].on('keylog', (line) => appendFileSync(keyLog, line));
    this.sides.forEach((side, number) => side.on('data', (data) => this.take(1 - number, data.length)));
    this.waiting = 0;
    this.ready = new Promise((resolve) => this.sides[0].once('secureConnect', resolve));
  }

  take(from, size) {
    this.waiting -= size;
    if (this.waiting === 0) this.arrived();
  }

  async say(side, bytes) {
    await this.ready;
    const all = new Promise((resolve) => { this.arrived = resolve; });
    this.waiting = bytes.length;
    this.sides[side].write(bytes);
    await all;
  }

  async end() {
    await this.ready;
    const closed = this.sides.map((side) => new Promise((resolve) => side.once('close', resolve)));
    this.sides[0].end();
    this.sides[1].end();
    await Promise.all(closed);
    writeOut(END, Buffer.alloc(0));
  }
}

async function* messages() {
  let held = Buffer.alloc(0);
  for await (const part of process.stdin) {
    held = Buffer.concat([held, part]);
    while (held.length >= 5 && held.length >= 5 + held.readUInt32BE(1)) {
      const size = held.readUInt32BE(1);
      yield [held[0], held.subarray(5, 5 + size)];
      held = held.subarray(5 + size);
    }
  }
}

let connection = null;
for await (const [side, bytes] of messages()) {
  if (side === END) {
    await connection.end();
    connection = null;
  } else {
    connection ??= new Connection();
    await connection.say(side, bytes);
  }
}
process.exit(0);
