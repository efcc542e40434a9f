/** The hub's shipped unit with a secret from systemd, as README says it, under a real systemd. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BootedSystemd, bootSystemd, whyNotBootable } from "./booted-systemd.ts";

const kept = "/etc/understudy/credentials/hub-state";
const keyFile = "/var/lib/understudy-hub/command-key.pem";
const secret = "kM3v0b1yq7xTnS5uW9zA2cE4gI6oP8rQ";

describe.skipIf(whyNotBootable() !== undefined)("a hub under systemd", () => {
  let centre: BootedSystemd | undefined;
  const tell = async (command: string) => centre!.tell(command);
  beforeAll(async () => {
    centre = await bootSystemd({
      units: {
        "understudy-hub.service": readFileSync("systemd/understudy-hub.service", "utf8"),
      },
      files: {
        "/usr/lib/understudy": { copyOf: "dist" },
        "/usr/lib/understudy/package.json": { copyOf: "package.json" },
        "/usr/lib/sysusers.d/understudy.conf": { copyOf: "systemd/understudy.sysusers" },
        "/usr/lib/tmpfiles.d/understudy.conf": { copyOf: "systemd/understudy.tmpfiles" },
        "/etc/understudy/hub.yaml": { text: "stateSecret: credential:hub-state\n" },
      },
      showReadOnly: { "/usr/lib/understudy/node_modules": `${process.cwd()}/node_modules` },
    });
  }, 120_000);
  afterAll(() => centre?.stop(), 60_000);

  /** Starts it with a drop-in of one line, and gives what became of it. */
  async function startWith(line: string): Promise<string> {
    const folder = "/etc/systemd/system/understudy-hub.service.d";
    await tell(
      `mkdir -p ${folder} && printf '[Service]\\nRestart=no\\n${line}\\n' > ${folder}/secret.conf ` +
        "&& systemctl daemon-reload && systemctl reset-failed && " +
        "systemctl restart understudy-hub.service || true",
    );
    return tell("systemctl is-active understudy-hub.service || true");
  }

  test("its own keys are sealed with a secret that LoadCredential hands over", async () => {
    await tell(`printf %s ${secret} > ${kept} && chmod 600 ${kept}`);
    const state = await startWith(`LoadCredential=hub-state:${kept}`);
    expect([state, await tell("journalctl -u understudy-hub -o cat | tail -5")]).toEqual([
      ...["active", expect.stringContaining('"code":"ready"') as string],
    ]);
    expect(await tell(`head -c 20 ${keyFile}`)).toBe("understudy-sealed:1:");
    expect(await tell(`stat -c '%U %a' ${keyFile}`)).toBe("understudy 600");
  }, 120_000);

  test("encrypted at rest, the same secret opens them; another does not, and the hub says so", async () => {
    const before = await tell(`cat ${keyFile}`);
    const encrypt = (text: string) =>
      tell(`printf %s ${text} | systemd-creds encrypt --name=hub-state - ${kept}`);
    await encrypt(secret);
    expect(await tell(`cat ${kept}`)).not.toContain(secret);
    expect(await startWith(`LoadCredentialEncrypted=hub-state:${kept}`)).toBe("active");
    expect(await tell(`cat ${keyFile}`)).toBe(before);
    await encrypt("another-one-of-more-than-32-characters");
    expect(await startWith(`LoadCredentialEncrypted=hub-state:${kept}`)).toBe("failed");
    expect(await tell("journalctl -u understudy-hub -o cat | tail -20")).toContain(
      "is sealed with another secret than stateSecret",
    );
  }, 120_000);
});
