// The server's side of a WebSocket with permessage-deflate (RFC 6455, RFC 7692): it answers each message with two,
// one of them compressed with what was said before, and the last one in fragments.
import { createHash } from 'node:crypto';
import zlib from 'node:zlib';
import { contentOf, sha256 } from './bodies.mjs';

const TAIL = Buffer.from([0, 0, 0xff, 0xff]); // what a message of permessage-deflate leaves out
const OPCODES = { text: 1, binary: 2 };

function frame(opcode, payload, { final = true, compressed = false } = {}) {
  const size = payload.length;
  const head = [(final ? 0x80 : 0) | (compressed ? 0x40 : 0) | opcode];
  if (size < 126) head.push(size);
  else if (size < 65536) head.push(126, size >> 8, size & 255);
  else head.push(127, 0, 0, 0, 0, (size >>> 24) & 255, (size >> 16) & 255, (size >> 8) & 255, size & 255);
  return Buffer.concat([Buffer.from(head), payload]);
}

// The first frame that is whole; null: there is none yet.
function takeFrame(bytes) {
  if (bytes.length < 6) return null;
  let [size, at] = [bytes[1] & 127, 2];
  if (size === 126) [size, at] = [bytes.readUInt16BE(2), 4];
  if (bytes.length < at + 4 + size) return null;
  const mask = bytes.subarray(at, at + 4);
  const payload = Buffer.from(bytes.subarray(at + 4, at + 4 + size)).map((byte, i) => byte ^ mask[i & 3]);
  return { final: bytes[0] >= 128, compressed: (bytes[0] & 0x40) !== 0, opcode: bytes[0] & 15, payload,
           size: at + 4 + size };
}

// Runs bytes through one stream of zlib and gives what came out by the next flush.
function flushed(stream, bytes) {
  return new Promise((resolve) => {
    const parts = [];
    const take = (part) => parts.push(part);
    stream.on('data', take);
    stream.write(bytes);
    stream.flush(zlib.constants.Z_SYNC_FLUSH, () => {
      stream.off('data', take);
      resolve(Buffer.concat(parts));
    });
  });
}

class Talk {
  constructor(socket, name, count, record) {
    Object.assign(this, { socket, name, count, record, held: Buffer.alloc(0), fragments: [], number: 0 });
    this.deflate = zlib.createDeflateRaw();
    this.inflate = zlib.createInflateRaw();
  }

  tell(from, opcode, payload) {
    this.record({ message: true, id: this.name, from, opcode, size: payload.length, sha256: sha256(payload) });
  }

  async say(kind, payload, compressed) {
    const opcode = OPCODES[kind];
    this.tell('server', opcode, payload);
    let sent = payload;
    if (compressed) sent = (await flushed(this.deflate, payload)).subarray(0, -TAIL.length);
    const half = sent.length >> 1;
    if (!compressed || half === 0) return this.socket.write(frame(opcode, sent, { compressed }));
    this.socket.write(frame(opcode, sent.subarray(0, half), { compressed, final: false }));
    this.socket.write(frame(9, Buffer.from('between')));
    this.socket.write(frame(0, sent.subarray(half)));
  }

  async take({ opcode, payload, compressed, final }) {
    if (opcode === 8) return this.socket.end(frame(8, payload));
    if (opcode > 8) return;
    if (opcode !== 0) this.first = { opcode, compressed };
    this.fragments.push(payload);
    if (!final) return;
    let whole = Buffer.concat(this.fragments);
    this.fragments = [];
    if (this.first.compressed) whole = await flushed(this.inflate, Buffer.concat([whole, TAIL]));
    this.tell('client', this.first.opcode, whole);
    const name = `${this.name}-${++this.number}`;
    await this.say('text', contentOf(name, 'text', 40 * this.number * this.number), true);
    await this.say('binary', contentOf(name, 'random', 30000 * (this.number % 4)), false);
    if (this.number === this.count) this.socket.write(frame(8, Buffer.from([3, 232])));
  }

  async feed(data) {
    this.held = Buffer.concat([this.held, data]);
    for (let next = takeFrame(this.held); next; next = takeFrame(this.held)) {
      this.held = this.held.subarray(next.size);
      await this.take(next);
    }
  }
}

export function acceptWebSocket(request, socket, head, record) {
  const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + guid).digest('base64');
  const url = new URL(request.url, 'http://any');
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade',
                 `Sec-WebSocket-Accept: ${accept}`, 'Sec-WebSocket-Extensions: permessage-deflate', '', ''];
  socket.write(lines.join('\r\n'));
  const name = url.pathname.slice(1);
  const address = `http://${request.headers.host}${request.url}`;
  record({ id: name, method: 'GET', url: address, protocol: 'HTTP/1.1', tls: null,
           status: 101, response: { size: 0 }, request: { size: 0 } });
  const talk = new Talk(socket, name, Number(url.searchParams.get('messages')), record);
  let done = talk.feed(head);
  socket.on('data', (data) => { done = done.then(() => talk.feed(data)); });
  socket.on('error', () => {});
}
