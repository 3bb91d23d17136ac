// The client of tests/app/transactions.py that is node: HTTP/1.1 with several connections, HTTP/2 with many streams.
//
//   node --tls-keylog=FILE client.mjs PLAN >GOT
//
// PLAN is a JSON list of sessions (tests/app/plan.py). GOT gets a JSON object for each response: what came.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { contentOf, encode, readAll, sha256 } from './bodies.mjs';

const AT_ONCE = 20; // streams of an HTTP/2 connection
const CHUNKED_FROM = 3000; // bytes from which a request of HTTP/1.1 is sent in chunks
const SECONDS_MAX = 240;

function got(id, status, body) {
  process.stdout.write(JSON.stringify({ id, status: Number(status), size: body.length, sha256: sha256(body) }) + '\n');
}

function uploadOf(request) {
  if (!request.upload) return null;
  const { kind, size, coding } = request.upload;
  return encode(contentOf(`up-${request.id}`, kind, size), coding);
}

function headersOf(request, upload) {
  const headers = { ...request.headers };
  if (request.upload?.coding) headers['content-encoding'] = request.upload.coding;
  if (upload && upload.length < CHUNKED_FROM) headers['content-length'] = upload.length;
  return headers;
}

function tlsOptions(session) {
  return { rejectUnauthorized: false, ...session.tls };
}

function askHttp1(session, agent, request) {
  const upload = uploadOf(request);
  const ask = session.tls ? https.request : http.request;
  return new Promise((resolve, reject) => {
    const options = { method: request.method, agent, headers: headersOf(request, upload) };
    const asked = ask(session.base + request.path, options);
    asked.on('error', reject);
    asked.on('response', async (response) => {
      got(request.id, response.statusCode, await readAll(response));
      resolve();
    });
    asked.end(upload ?? undefined);
  });
}

async function runHttp1(session) {
  const Agent = session.tls ? https.Agent : http.Agent;
  const settings = { keepAlive: !session.resume, maxSockets: session.sockets ?? 1 };
  const agent = new Agent({ ...settings, ...(session.tls && tlsOptions(session)) });
  await Promise.all(session.requests.map((request) => askHttp1(session, agent, request)));
  agent.destroy();
}

async function receive(id, stream) {
  const status = new Promise((resolve, reject) => {
    stream.on('response', (headers) => resolve(headers[':status']));
    stream.on('push', (headers) => resolve(headers[':status']));
    stream.on('error', reject);
  });
  const body = await readAll(stream);
  got(id, await status, body);
}

async function askHttp2(connection, request) {
  const upload = uploadOf(request);
  const stream = connection.request({ ':method': request.method, ':path': request.path, ...headersOf(request, upload) },
                                    { endStream: !upload });
  if (upload) stream.end(upload);
  await receive(request.id, stream);
}

async function runHttp2(session) {
  const connection = http2.connect(session.base, { ...(session.tls && tlsOptions(session)), settings: session.settings,
                                                   maxSendHeaderBlockLength: 1 << 20 });
  connection.on('error', (error) => process.stderr.write(`${session.name}: ${error.message}\n`));
  const pushed = [];
  connection.on('stream', (stream, headers) => {
    pushed.push(receive(headers[':path'].slice(1).split('?')[0], stream));
  });
  const waiting = [...session.requests];
  const worker = async () => {
    for (let request = waiting.shift(); request; request = waiting.shift()) await askHttp2(connection, request);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  await Promise.all(pushed);
  await new Promise((resolve) => connection.close(resolve));
}

setTimeout(() => {
  process.stderr.write('the client of node did not finish\n');
  process.exit(1);
}, SECONDS_MAX * 1000).unref();
const sessions = JSON.parse(readFileSync(process.argv[2]));
await Promise.all(sessions.map((session) => (session.client === 'node-h2' ? runHttp2 : runHttp1)(session)));
