// The bodies that the peers of tests/app/transactions.py send: made from a name, and coded.
import { spawnSync } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import zlib from 'node:zlib';

const WORDS = 'sequence window segment octet reset urgent push gap half connection receiver sender'.split(' ');
const NOTHING = Buffer.alloc(0);

export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

// The same noise for the same name.
function noise(name, size) {
  const key = createHash('md5').update(name).digest();
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

function text(name, size) {
  const lines = [`${name}\n`];
  const choices = noise(name, Math.ceil(size / 4));
  let length = lines[0].length;
  for (let at = 0; length < size; at += 8) {
    lines.push([...choices.subarray(at, at + 8)].map((choice) => WORDS[choice % WORDS.length]).join(' ') + '\n');
    length += lines.at(-1).length;
  }
  return Buffer.from(lines.join('')).subarray(0, size);
}

export function contentOf(name, kind, size) {
  return kind === 'random' ? noise(name, size) : text(name, size);
}

function zstd(bytes) {
  const made = spawnSync('zstd', ['-q', '-c'], { input: bytes, maxBuffer: 1 << 26 });
  if (made.status !== 0) throw new Error(`zstd: ${made.stderr}`);
  return made.stdout;
}

// In two members, as log files and archives have them.
function gzipInMembers(bytes) {
  const half = bytes.length >> 1;
  return Buffer.concat([zlib.gzipSync(bytes.subarray(0, half)), zlib.gzipSync(bytes.subarray(half))]);
}

const CODERS = {
  gzip: zlib.gzipSync,
  members: gzipInMembers,
  deflate: zlib.deflateSync,
  rawdeflate: zlib.deflateRawSync, // what "deflate" is not, and what some servers send
  br: (bytes) => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }),
  zstd,
};
const HEADER_NAMES = { members: 'gzip', rawdeflate: 'deflate' };

// `coding` names what is applied, in order: "gzip, br".
export function encode(bytes, coding) {
  return (coding ? coding.split(', ') : []).reduce((coded, one) => CODERS[one](coded), bytes);
}

// What Content-Encoding says of it.
export function headerOf(coding) {
  return coding.split(', ').map((one) => HEADER_NAMES[one] ?? one).join(', ');
}

export function decode(bytes, coding) {
  const decoders = { gzip: zlib.gunzipSync, br: zlib.brotliDecompressSync, deflate: zlib.inflateSync };
  return coding ? decoders[coding](bytes) : bytes;
}

// What the truth says of a body.
export function described(bytes, sent, coding) {
  if (sent.length === 0) return { size: 0 };
  return { size: bytes.length, sha256: sha256(bytes), sent_size: sent.length, sent_sha256: sha256(sent), coding };
}

// Pieces of sizes that grow from one byte.
export function pieces(bytes) {
  const made = [];
  for (let at = 0, size = 1; at < bytes.length; at += size, size = Math.min(size * 3, 20000)) {
    made.push(bytes.subarray(at, at + size));
    if (size > bytes.length - at) break;
  }
  return made;
}

export async function readAll(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts.length ? Buffer.concat(parts) : NOTHING;
}
