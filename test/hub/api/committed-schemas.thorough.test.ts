/** `npm run schemas` writes what is compared here. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { schemaText } from "../../../hub/api/graphql/http.ts";
import { withAStudio } from "./an-api.ts";

test("the schema in the repository is the one that is served", async () => {
  const { graph, ask } = await withAStudio();
  const file = new URL("../../../hub/api/graphql/schema.graphql", import.meta.url);
  if (process.env["UPDATE_SCHEMAS"] === "1") writeFileSync(file, schemaText(graph));
  expect(schemaText(graph)).toBe(readFileSync(file, "utf8"));
  const served = await ask("GET", "/schema.graphql");
  expect(served.status).toBe(200);
  expect((await ask("GET", "/schema.graphql", { key: null })).status).toBe(401);
});

test("what is generated in the repository is made of the proto files beside it", () => {
  const folder = new URL("../../../hub/api/grpc/", import.meta.url).pathname;
  const out = mkdtempSync(join(tmpdir(), "understudy-proto-"));
  onTestFinished(() => rmSync(out, { recursive: true }));
  const files = ["understudy/v1/hub", "grpc/health/v1/health"];
  const target = process.env["UPDATE_SCHEMAS"] === "1" ? join(folder, "gen") : out;
  const bin = new URL("../../../node_modules/.bin/protoc-gen-es", import.meta.url).pathname;
  execFileSync("protoc", [
    ...[`--plugin=protoc-gen-es=${bin}`, "-I", folder, `--es_out=${target}`],
    ...["--es_opt=target=js+dts,import_extension=js", ...files.map((file) => `${file}.proto`)],
  ]);
  for (const name of files.flatMap((file) => [`${file}_pb.js`, `${file}_pb.d.ts`])) {
    const made = readFileSync(join(target, name), "utf8");
    expect([name, made]).toEqual([name, readFileSync(join(folder, "gen", name), "utf8")]);
  }
});
