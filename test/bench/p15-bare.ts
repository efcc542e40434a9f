/** The limit: a bare `node:http` server that has the same bytes in its hands. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const [hub = "", key = "", ...paths] = process.argv.slice(2);
const bytes = new Map<string, Buffer>();
for (const path of paths) {
  const response = await fetch(`${hub}${path}`, { headers: { "X-API-Key": key } });
  bytes.set(path, Buffer.from(await response.arrayBuffer()));
}
const server = createServer((request, response) => {
  const body = bytes.get(request.url ?? "")!;
  response.setHeader("Content-Type", "application/json; charset=utf-8");
  response.setHeader("Content-Length", body.length);
  response.end(body);
});
server.listen(0, "127.0.0.1", () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
process.on("disconnect", () => process.exit());
