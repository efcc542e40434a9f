import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { board } from "./board.ts";
import { servePage, type ServedPage, textOf } from "./served-page.ts";

let served: ServedPage;
let page: Page;
beforeAll(async () => {
  served = await servePage();
  page = await served.open(1_200);
}, 60_000);
afterAll(() => served?.close());

const box = '[data-key="encoder studio~b"]';
const ago = (s: number) => new Date(Date.now() - s * 1_000).toISOString();

/** The box b, idle, with this more; opened. */
async function shown(more: object) {
  const { encoders, ...others } = board();
  const outputs = [{ id: "stream-1", state: "idle", since: ago(60) }];
  const b = { ...encoders[1]!, outputs, ...more };
  served.hub.board = () => ({ ...others, encoders: [encoders[0]!, b] });
  await page.reload();
  const summary = page.locator(`${box} summary`).first();
  await summary.click();
  await summary.locator("xpath=following-sibling::*").first().waitFor();
  return (await textOf(page, box)).replaceAll(/\s+/g, " ");
}

const practised = { lastOnAirAt: ago(40 * 86_400), lastPractisedAt: ago(3 * 86_400) };

test("a spare that was practised lately says when, how soon its picture came, and when it was on air", async () => {
  const text = await shown({
    practice: { ...practised, isOverdue: false, consent: "act", startMs: 2_340 },
  });
  expect(text).toMatch(
    /Practice.{0,3}within the last week \(practised 3 d.* ago, picture after 2\.3 s; on air 40 d.* ago\)/,
  );
});

test("a spare that is overdue says so, what is in the way, and that it has never been on air", async () => {
  const text = await shown({
    practice: {
      ...{ lastOnAirAt: null, isOverdue: true, consent: "act" },
      hindrance: "it stands by for main, which is on air",
    },
  });
  expect(text).toContain("overdue, done when it may be");
  expect(text).toContain("it stands by for main, which is on air");
  expect(text).toContain("never practised; never on air");
  expect(
    await shown({ practice: { lastOnAirAt: null, isOverdue: true, consent: "observe" } }),
  ).toMatch(/overdue \(never practised/);
});

test("a failed practice is told with its reason; one under way with its place, and nothing to press", async () => {
  const failure = "no picture at the test destination within 30 s";
  const failed = await shown({ practice: { ...practised, isOverdue: true, failure } });
  expect(failed).toContain(`failed: ${failure}`);
  expect(await page.locator(`${box} [data-do="Practise now"]`).count()).toBe(1);
  const underWay = await shown({
    practice: { ...practised, isOverdue: true, underWayAt: "rehearsal-room" },
  });
  expect(underWay).toContain("being practised at rehearsal-room");
  expect(await page.locator(`${box} [data-do="Practise now"]`).count()).toBe(0);
});

test("practising by hand is told first, and asked of the site once", async () => {
  await shown({ practice: { ...practised, isOverdue: true, consent: "observe" } });
  Object.assign(served.hub, { answer: () => ({ status: "done", message: "the site did it" }) });
  await page.locator(`${box} [data-do="Practise now"]`).first().click();
  const will = await textOf(page, `${box} form.sure p >> nth=0`);
  expect(will).toContain("no programme's key is touched");
  served.hub.asked.length = 0;
  await page.locator(`${box} form.sure button.sure`).click();
  await page.getByText("Practise now: ").first().waitFor();
  await expect
    .poll(() => served.hub.asked)
    .toMatchObject([{ path: "/api/encoders/studio~b/commands", body: { verb: "practise" } }]);
});

test("a box that records says to what, and that its recording hangs on its stream", async () => {
  const recording = { state: "streaming", medium: "sd", isLinked: true };
  expect(await shown({ recording, controls: ["record"] })).toMatch(
    /Recording.{0,3}recording to sd, starts and stops with the stream/,
  );
  const alone = await shown({ recording: { state: "idle", isLinked: false } });
  expect(alone).not.toContain("starts and stops with the stream");
});

test("an incident says how much of a recording is missing, and that the picture was not touched", async () => {
  const { incidents, ...others } = board();
  const recordingGaps = [{ ms: 3_200 }, { ms: 1_000 }];
  const told = async (more: object) => {
    served.hub.board = () => ({
      ...others,
      incidents: [{ ...incidents[0]!, recordingGaps, ...more }],
    });
    await page.reload();
    await page.locator(".carriage").first().waitFor();
    return () => textOf(page, "body");
  };
  const missing = "at most 4.2 s of a recording missing";
  await expect
    .poll(await told({ cause: "recording", offAirMs: null }))
    .toContain(`${missing}, the picture was not touched`);
  await expect.poll(await told({ offAirMs: 2_140 })).toContain(`2.1 s off air, ${missing}`);
});

test("a profile is chosen by its name; who carries is asked whether its stream may stop", async () => {
  const names = Array.from({ length: 10 }, (_, at) => (at === 2 ? "720p" : `no ${at + 1}`));
  const profiles = { streaming: { number: 1, name: "no 1", names } };
  const controls = ["selectProfile"];
  await shown({ profiles, controls });
  Object.assign(served.hub, { answer: () => ({ status: "done", message: "the site did it" }) });
  const button = page.locator(`${box} [data-do="Profile of its stream"]`).first();
  await button.click();
  expect(await page.locator(`${box} form.sure option`).count()).toBe(9);
  expect(await page.locator(`${box} form.sure input[name="vouch"]`).count()).toBe(0);
  await page.locator(`${box} form.sure select`).selectOption({ label: "3: 720p" });
  served.hub.asked.length = 0;
  await page.locator(`${box} form.sure button.sure`).click();
  await page.getByText("Profile of its stream: ").first().waitFor();
  expect(served.hub.asked).toMatchObject([
    { body: { verb: "select-profile", args: { of: "stream", profile: 3 } } },
  ]);

  const outputs = [{ id: "stream-1", state: "streaming", stream: "main", since: ago(60) }];
  await shown({ profiles, controls, outputs });
  await button.click();
  expect(await textOf(page, `${box} form.sure`)).toContain("I know that this stops main");
});
