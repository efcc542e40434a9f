/**
 * Asks one path again and again over connections that stay open, one request at a time on each, and
 * looks at nothing but where an answer ends.
 */
import { connect } from "node:net";

type Asked = { url: string; path: string; key: string; connections: number; requests: number };

function load({ url, path, key, connections, requests }: Asked): Promise<object> {
  const { hostname, port } = new URL(url);
  const request = `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nX-API-Key: ${key}\r\n\r\n`;
  let asked = 0;
  let answered = 0;
  return new Promise((resolve, reject) => {
    const beganAtMs = performance.now();
    for (let at = 0; at < connections; at += 1) {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      let missing = 0;
      const ask = () => {
        if (asked >= requests) return void socket.end();
        asked += 1;
        socket.write(request);
      };
      socket.on("connect", ask);
      socket.on("error", reject);
      socket.on("data", (data: Buffer) => {
        if (missing === 0) {
          const head = data.indexOf("\r\n\r\n");
          const text = data.toString("latin1", 0, head).toLowerCase();
          const length = /content-length: (\d+)/.exec(text)?.[1];
          if (!text.startsWith("http/1.1 200") || length === undefined) {
            return reject(new Error(`${path}: ${text}`));
          }
          missing = head + 4 + Number(length);
        }
        missing -= data.length;
        if (missing > 0) return;
        answered += 1;
        if (answered === requests) resolve({ answered, ms: performance.now() - beganAtMs });
        ask();
      });
    }
  });
}

process.on("message", (asked: Asked) => void load(asked).then((did) => process.send?.(did)));
process.on("disconnect", () => process.exit());
process.send?.({});
