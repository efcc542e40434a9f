import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { board, schedule } from "./board.ts";
import { servePage, type ServedPage, textOf } from "./served-page.ts";

let served: ServedPage;
let page: Page;
beforeAll(async () => {
  served = await servePage();
  page = await served.open(390);
}, 60_000);
afterAll(() => served?.close());
beforeEach(async () => {
  const { hub } = served;
  Object.assign(hub, { board, answer: () => ({ status: "done", message: "the site did it" }) });
  hub.asked.length = hub.foreseen.length = 0;
  await page.reload();
  await page.locator(".carriage").first().waitFor();
});

const stream = '[data-key="studio~main"]';
const helo = '[data-key="encoder studio~helo-1"]';
const spare = '[data-key="encoder studio~b"]';
/** Opens details, and waits for what is in them: the page draws that after the click. */
async function openUp(what: string) {
  const summary = page.locator(`${what} summary`).first();
  await summary.click();
  await summary.locator("xpath=following-sibling::*").first().waitFor();
}

/** Presses a button, reads what will happen, says yes; what the site was asked for. */
async function sayYes(where: string, label: string) {
  await page.locator(`${where} [data-do="${label}"]`).first().click();
  const form = `${where} form.sure`;
  const will = await textOf(page, `${form} p >> nth=0`);
  const before = served.hub.asked.length;
  await page.locator(`${form} button.sure`).click();
  await page.getByText(`${label}: `).first().waitFor();
  await expect.poll(() => served.hub.asked.length).toBe(before + 1);
  return { will, ...served.hub.asked.at(-1) };
}

test("a stream card says what happened, what to do next, and how old that is", async () => {
  const text = await textOf(page, stream);
  expect(text).toContain("HELO in rack 1, no understudy, far end seen 0.");
  expect(text).toContain("Next: Get an understudy ready (b: is failing): a failure now would");
});

test("a box's line-up, connection, pressure, clock and the spare's drift are told with words", async () => {
  const lineUp = await textOf(page, `${stream} .line-up`);
  expect(lineUp).toContain("Line-up check: 1 not ok");
  expect(lineUp).toContain("fence path not ok: the outlet does not answer (pdu)");
  expect(lineUp).toContain("clock cannot tell: nobody tells");
  await openUp(helo);
  const box = await textOf(page, helo);
  expect(box).toContain("▲ 55 of 100 for its latency");
  expect(box).toContain("trouble in about 4 min 0 s: it gets slower (a line)");
  expect(box).toMatch(/Request pressure. 82 of 100/);
  expect(box).toMatch(/Clock. 3.1 s ahead ± 0.5 s \(\d+\.\d s ago, HTTP Date\)/);
  expect(box).toContain("CPUnot available");
  await openUp(spare);
  const other = await textOf(page, spare);
  expect(other).toContain("left alone for a while, it failed again and again");
  expect(other).toContain("videoBitrateBps 8000000 instead of 4000000");
  expect(other).toContain("kept for third until you release it");
  await openUp(`${stream} details:last-child`);
  expect(await textOf(page, stream)).toContain("b: spare, is failing");
  expect(await textOf(page, '[data-key="studio"]')).toContain("2.4 s behind ± 0.3 s");
});

test("a proposed repair says until when; yes and no are both asked of the site", async () => {
  expect(await textOf(page, spare)).toContain("a reboot is proposed, say yes or no within 8 min");
  await openUp(spare);
  const no = await sayYes(spare, "Reject the repair");
  expect(no.will).toContain("b stays as it is");
  expect(no).toMatchObject({
    path: "/api/encoders/studio~b/commands",
    body: { verb: "reject-repair" },
  });
  const yes = await sayYes(spare, "Approve the repair");
  expect(yes.will).toContain("b gets a reboot now");
  expect(yes.body).toEqual({ verb: "repair" });
});

test("a spare is released and set, and a box goes on maintenance, each told first", async () => {
  await openUp(spare);
  expect((await sayYes(spare, "Release spare")).will).toContain("not kept for third any more");
  expect((await sayYes(spare, "Set as wanted")).body).toEqual({ verb: "sync" });
  await openUp(helo);
  const { will, body } = await sayYes(helo, "Maintenance");
  expect(will).toContain("It goes on carrying main: fail over first");
  expect(body).toEqual({ verb: "maintenance" });
});

test("before a return or a failover it is said who, by what proof, and how long last time", async () => {
  await openUp(`${stream} details:last-child`);
  const { will, body } = await sayYes(stream, "Return to primary");
  expect(will).toContain("goes back from HELO in rack 1 to software-1");
  expect(will).toContain("stopped and proven off first");
  expect(will).toContain("Last time viewers were without picture for 2.1 s");
  expect(body).toEqual({ verb: "return" });
  expect(served.hub.foreseen).toMatchObject([{ body: { verb: "return" } }]);
});

test("without proof nothing goes over before a person vouches for it", async () => {
  const card = '[data-key="studio~second"]';
  await page.locator(`${card} [data-do="Fail over without proof"]`).click();
  await page.locator(`${card} button.sure`).click();
  expect(served.hub.asked).toEqual([]);
  await page.getByLabel("I have seen that the old encoder is off").check();
  await page.locator(`${card} button.sure`).click();
  await page.getByText("Fail over without proof: done").waitFor();
  expect(served.hub.asked[0]?.body).toEqual({ verb: "failover", args: { unproven: true } });
});

test("a medium is retired and brought back by its own name", async () => {
  const storage = '[data-key="storage studio~helo-1"]';
  await openUp(storage);
  expect((await sayYes(storage, "Retire")).body).toEqual({
    verb: "retire",
    args: { medium: "sd" },
  });
  const { storage: items, ...others } = board();
  const [first] = items;
  const media = first!.media.map((medium) => ({ ...medium, state: "retired", retiredBy: "ann" }));
  served.hub.board = () => ({ ...others, storage: [{ ...first!, media }] });
  await page.locator(`${storage} [data-do="Bring back"]`).first().waitFor();
  expect(await textOf(page, storage)).toContain("retired by ann");
  expect((await sayYes(storage, "Bring back")).body?.["verb"]).toBe("bring-back");
});

test("a change freeze says why and until when, and is overridden only with a reason", async () => {
  const site = '[data-key="studio"]';
  expect(await textOf(page, site)).toMatch(/Sunday service on main: until .*, 1 h (9|10) min more/);
  await page.locator(`${site} [data-do]`).click();
  await page.locator(`${site} button.sure`).click();
  expect(served.hub.asked).toEqual([]);
  await page.keyboard.type("the encoder has the wrong bit rate");
  await page.keyboard.press("Enter");
  await page.getByText("Let changes through: done").waitFor();
  expect(served.hub.asked).toMatchObject([
    {
      path: "/api/sites/studio/commands",
      body: {
        verb: "override-freeze",
        args: { why: "the encoder has the wrong bit rate" },
      },
    },
  ]);
});

test("windows say who planned them; a new one is shown in its zone and in UTC before it is saved", async () => {
  await openUp(`${stream} details:last-child`);
  const list = (await textOf(page, `${stream} .windows`)).replaceAll(/\s+/g, " ");
  expect(list).toMatch(/Sunday service .* from site.yaml/);
  expect(list).toMatch(/Concert .* from the calendar file/);
  expect(list).toContain(
    "Vespers Sat 2030-03-30 18:00 to 19:00 Europe/Vienna = Sat 2030-03-30 17:00 to 18:00 UTC, planned here",
  );
  expect((await sayYes(stream, "Delete")).body).toEqual({
    verb: "remove-window",
    args: { windowId: "vespers" },
  });
  served.hub.asked.length = served.hub.foreseen.length = 0;
  served.hub.answer = () => ({
    ...{ status: "done", message: "add-window would be possible now" },
    data: { windows: [{ startsAtMs: Date.UTC(2031, 5, 1, 8), endsAtMs: Date.UTC(2031, 5, 1, 9) }] },
  });
  await page.getByRole("button", { name: "Plan a window" }).first().click();
  await page.getByLabel("What it is called").fill("Summer mass");
  await page.getByLabel("Begins").fill("2031-06-01T10:00");
  await page.getByLabel("Repeats").selectOption("every week on that day");
  await page.getByRole("button", { name: "Show when that is" }).click();
  await page.getByText("Sun 2031-06-01 10:00 to 11:00").waitFor();
  await page.getByText("Sun 2031-06-01 08:00 to 09:00").waitFor();
  // Redrawn many times meanwhile: what was typed is still there. Changed, it is shown anew first.
  await page.getByLabel("Lasts, minutes").fill("61");
  expect(await page.getByRole("button", { name: "Save it so" }).count()).toBe(0);
  await page.getByLabel("Lasts, minutes").fill("60");
  await page.getByRole("button", { name: "Show when that is" }).click();
  expect(served.hub.asked).toEqual([]);
  await page.getByRole("button", { name: "Save it so" }).click();
  await page.getByText("Plan a window: done").waitFor();
  const window = {
    ...{ id: "w-2031-06-01t10-00", name: "Summer mass", start: "2031-06-01T10:00" },
    ...{ zone: "Europe/Vienna", durationMs: 3_600_000, rrule: "FREQ=WEEKLY;BYDAY=SU" },
  };
  const asked = { verb: "add-window", args: { window } };
  expect(served.hub.asked.map(({ body }) => body)).toEqual([asked]);
  expect(served.hub.foreseen.at(-1)?.body).toEqual(asked);
  expect(schedule.rules[0]?.id).not.toBe(window.id);
});

test("everything that is pressed on a phone is at least 44 px high", async () => {
  await page.evaluate(() => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
  await page.locator(`${helo} button`).first().waitFor();
  const low = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("button, summary, select, input")]
      .filter((element) => element.checkVisibility())
      .map((element) => ({ text: element.innerText, px: element.getBoundingClientRect().height }))
      .filter(({ px }) => px < 44),
  );
  expect(low).toEqual([]);
});

test("under a finger the order stands; later the worst stream comes first", async () => {
  const order = () =>
    page.locator("#stream-list article").evaluateAll((all) => all.map((e) => e.dataset["key"]));
  const before = ["studio~second", "studio~third", "studio~main"];
  expect(await order()).toEqual(before);
  await page.locator("h1").click();
  const { streams, ...others } = board();
  const lost = streams.map((s) => ({ ...s, carriage: s.id === "second" ? "onAir" : "offAir" }));
  const calm = lost.map((s) => (s.id === "second" ? { ...s, carrier: "carried" } : s));
  served.hub.board = () => ({ ...others, streams: calm });
  await page.locator('[data-key="studio~main"] .critical', { hasText: "OFF AIR" }).waitFor();
  expect(await order()).toEqual(before);
  await expect.poll(order, { timeout: 20_000 }).toEqual(["studio~main", "studio~third", before[0]]);
});

test("with a hundred encoders the page takes less than a quarter of a processor", async () => {
  const { encoders, ...others } = board();
  const [first] = encoders;
  const hundred = Array.from({ length: 100 }, (_, n) => ({
    ...first!,
    ...{ id: `box-${n}`, ref: `studio~box-${n}`, name: `Box ${n}`, warnings: [] },
  }));
  served.hub.board = () => ({ ...others, encoders: hundred });
  await expect.poll(() => page.locator("#encoder-list details").count()).toBe(100);
  // The browser's own account of CPU time for script, style and layout.
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const spentS = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
  };
  const [from, overS] = [await spentS(), 5];
  await page.waitForTimeout(overS * 1_000);
  expect(((await spentS()) - from) / overS).toBeLessThan(0.25);
}, 30_000);
