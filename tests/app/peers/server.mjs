// The web server of tests/app/transactions.py: HTTP/1.1, HTTP/2 with and without TLS, plain sockets, WebSocket.
//
//   node server.mjs ADDRESS KEY CERTIFICATE >TRUTH     ends with SIGTERM
//
// What it answers stands in the URL: /NAME?size=…&kind=text|random&coding=…&framing=length|chunked|close&… .
// TRUTH gets a JSON object for each transaction: what was asked for and what was sent, by SHA-256.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { contentOf, decode, described, encode, headerOf, pieces, readAll, sha256 } from './bodies.mjs';
import { acceptWebSocket } from './websocket.mjs';

const [address, keyFile, certificateFile] = process.argv.slice(2);
const PORTS = { http: 8080, sockets: 8081, h2c: 8082, h2cPadded: 8084, tls: 8443, tlsRetry: 8444, tlsOldMac: 8445,
                tlsPadded: 8446 };
const NO_ENCRYPT_THEN_MAC = 1 << 19; // SSL_OP_NO_ENCRYPT_THEN_MAC
const NO_BODY = new Set([204, 304]);

export function record(truth) {
  process.stdout.write(JSON.stringify(truth) + '\n');
}

function planOf(path) {
  const url = new URL(path, 'http://any');
  const asked = Object.fromEntries(url.searchParams);
  const status = Number(asked.status ?? 200);
  return { name: url.pathname.slice(1), kind: 'text', framing: 'length', coding: '', ...asked,
           size: Number(asked.size ?? 0), status };
}

function tlsOf(socket) {
  return socket.getProtocol ? { version: socket.getProtocol(), cipher: socket.getCipher().name } : null;
}

function urlOf(request) {
  const scheme = request.socket.encrypted ? 'https' : 'http';
  return `${scheme}://${request.authority ?? request.headers.host}${request.url}`;
}

// The part of the body that a Range asks for, or the whole.
function ranged(request, response, plan, bytes) {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  if (!range) return bytes;
  const [from, to] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)];
  plan.status = 206;
  response.setHeader('Content-Range', `bytes ${from}-${to}/${bytes.length}`);
  return bytes.subarray(from, to + 1);
}

function setHeaders(request, response, plan, sent) {
  response.setHeader('Content-Type', plan.kind === 'text' ? 'text/plain' : 'application/octet-stream');
  response.setHeader('ETag', `"${plan.name}"`);
  if (plan.coding) response.setHeader('Content-Encoding', headerOf(plan.coding));
  if (plan.framing === 'length' && !NO_BODY.has(plan.status)) response.setHeader('Content-Length', sent.length);
  if (plan.fields) response.setHeader('X-Long', 'f'.repeat(Number(plan.fields))); // CONTINUATION frames
  if (plan.framing === 'close') {
    response.useChunkedEncodingByDefault = false;
    response.shouldKeepAlive = false;
  }
  if (plan.trailers) response.setHeader('Trailer', 'X-Sum');
}

function send(response, plan, sent) {
  response.writeHead(plan.status);
  for (const piece of plan.framing === 'length' ? [sent] : pieces(sent)) response.write(piece);
  if (plan.trailers) response.addTrailers({ 'X-Sum': sha256(sent) });
  response.end();
}

// HTTP/2 only: another response on the same connection, that nobody asked for.
function push(request, response, path) {
  return new Promise((resolve) => {
    response.createPushResponse({ ':path': path }, (error, pushed) => {
      if (error) return resolve(process.stderr.write(`push: ${error}\n`));
      const plan = planOf(path);
      const bytes = contentOf(plan.name, plan.kind, plan.size);
      setHeaders(request, pushed, plan, bytes);
      send(pushed, plan, bytes);
      const url = urlOf(request).replace(request.url, path);
      record({ id: plan.name, method: 'GET', url, protocol: 'HTTP/2', tls: tlsOf(request.socket), status: plan.status,
               pushed: true, response: described(bytes, bytes, ''), request: { size: 0 } });
      resolve();
    });
  });
}

async function answer(request, response) {
  const asked = await readAll(request);
  const plan = planOf(request.url);
  const bytes = contentOf(plan.name, plan.kind, plan.size);
  const sent = ranged(request, response, plan, encode(bytes, plan.coding));
  const silent = request.method === 'HEAD' || NO_BODY.has(plan.status);
  plan.trailers = plan.trailers && !silent;
  if (plan.hints && request.httpVersionMajor === 1) response.writeEarlyHints({ link: '</style.css>; rel=preload' });
  if (plan.push) await push(request, response, plan.push);
  setHeaders(request, response, plan, sent);
  send(response, plan, silent ? Buffer.alloc(0) : sent);
  const coding = request.headers['content-encoding'] ?? '';
  const whole = sent.length === encode(bytes, plan.coding).length;
  record({ id: plan.name, method: request.method, url: urlOf(request),
           protocol: request.httpVersionMajor === 2 ? 'HTTP/2' : `HTTP/${request.httpVersion}`,
           tls: tlsOf(request.socket), status: plan.status,
           response: silent ? { size: 0 } : described(whole ? bytes : sent, sent, plan.coding && headerOf(plan.coding)),
           request: described(decode(asked, coding), asked, coding) });
}

function serve(request, response) {
  answer(request, response).catch((error) => {
    process.stderr.write(`${request.method} ${request.url}: ${error.stack}\n`);
    process.exitCode = 1;
    request.socket.destroy();
  });
}

function chunkedWithExtensions(bytes) {
  const chunks = pieces(bytes).map((piece, number) =>
    [`00${piece.length.toString(16).toUpperCase()};part=${number};note="a b"\r\n`, piece, '\r\n']);
  return [...chunks.flat(), '0;last\r\nX-Sum: none\r\n\r\n'];
}

// A server that node does not have: a response of HTTP/1.0 until the close, or chunks with extensions.
function serveSocket(socket) {
  let head = '';
  socket.on('error', () => {});
  socket.on('data', (data) => {
    head += data.toString('latin1');
    if (!head.includes('\r\n\r\n')) return;
    const [method, path, version] = head.split('\r\n')[0].split(' ');
    const plan = planOf(path);
    if (NO_BODY.has(plan.status)) plan.status = 200;
    const bytes = contentOf(plan.name, plan.kind, plan.size);
    const sent = encode(bytes, plan.coding);
    const extended = plan.framing === 'extensions';
    const fields = [`${extended ? 'HTTP/1.1' : 'HTTP/1.0'} ${plan.status} Fine`, 'content-TYPE:text/plain',
                    plan.coding && `Content-encoding: ${headerOf(plan.coding)}`,
                    extended && 'transfer-encoding: Chunked', 'Connection: close'].filter(Boolean);
    socket.write(fields.join('\r\n') + '\r\n\r\n');
    for (const part of extended ? chunkedWithExtensions(sent) : pieces(sent)) socket.write(part);
    socket.end();
    const host = /^host: *(.*)$/im.exec(head)[1];
    record({ id: plan.name, method, url: `http://${host}${path}`, protocol: version, tls: null, status: plan.status,
             response: described(bytes, sent, plan.coding && headerOf(plan.coding)), request: { size: 0 } });
  });
}

function tlsServer(extra) {
  const ciphers = 'ALL:@SECLEVEL=0:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';
  return http2.createSecureServer({ key: readFileSync(keyFile), cert: readFileSync(certificateFile), allowHTTP1: true,
                                    minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', ciphers, ...H2, ...extra }, serve);
}

const H2 = { maxSendHeaderBlockLength: 1 << 20 };
const PADDED = { paddingStrategy: http2.constants.PADDING_STRATEGY_MAX };
const servers = [
  [PORTS.http, http.createServer(serve).on('upgrade', (...upgrade) => acceptWebSocket(...upgrade, record))],
  [PORTS.sockets, net.createServer(serveSocket)],
  [PORTS.h2c, http2.createServer(H2, serve)],
  [PORTS.h2cPadded, http2.createServer({ ...H2, ...PADDED }, serve)],
  [PORTS.tls, tlsServer({})],
  [PORTS.tlsPadded, tlsServer(PADDED)],
  [PORTS.tlsRetry, tlsServer({ ecdhCurve: 'secp384r1' })], // curl's first key share is another: HelloRetryRequest
  [PORTS.tlsOldMac, tlsServer({ secureOptions: NO_ENCRYPT_THEN_MAC })],
];

for (const [port, server] of servers) {
  server.keepAliveTimeout = 20000;
  server.on('clientError', (error, socket) => socket.destroy());
  server.on('tlsClientError', (error) => process.stderr.write(`TLS on ${port}: ${error.message}\n`));
  server.listen({ port, host: address, ipv6Only: false });
}
process.on('SIGTERM', () => process.exit());
