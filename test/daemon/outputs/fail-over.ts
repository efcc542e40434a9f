import { type aMediaPlane, fps } from "../relay/a-media-plane.ts";

/** The carrier is killed, the other goes on; the killed one comes back as the understudy. */
export async function failOver(plane: Awaited<ReturnType<typeof aMediaPlane>>): Promise<void> {
  const { selected } = await plane.untilReport("both bring", (report) =>
    Boolean(report.selected && plane.live(report, "a") && plane.live(report, "b")),
  );
  const carrier = selected as "a" | "b";
  plane.encoders[carrier].kill("SIGKILL");
  await plane.untilReport("the other carries", (report) => report.selected !== carrier);
  plane.renew(carrier);
  await plane.untilReport("it is back", (report) => plane.live(report, carrier));
  // One that is lost before the other has brought a whole GOP leaves a hole.
  await plane.pass(2 * fps);
}
