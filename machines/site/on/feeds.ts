/** Which encoders of a relayed stream bring it pictures: all of them, as far as the host can. */
import { enqueueActions } from "xstate";
import { decided } from "../../decision.ts";
import { heldNews } from "../cpu-admission.ts";
import { siteSetup } from "../site.setup.ts";
import { heldOf, withFeeds } from "../standby.ts";

export const feeds = siteSetup.createStateConfig({
  on: {
    feeds: {
      actions: enqueueActions(({ context, event: { stream, encoders }, enqueue }) => {
        const { orders, held, standby } = withFeeds(context, stream, encoders);
        enqueue.assign({ standby });
        for (const { leg, feed } of orders) {
          enqueue.sendTo(context.streams[leg]!, { type: "feed", on: feed });
        }
        for (const one of held) enqueue.emit(decided(heldNews(one)));
        enqueue.sendTo(context.streams[stream]!, {
          ...{ type: "heldCold", held: heldOf(standby, stream) },
        });
      }),
    },
    needsInputs: { actions: "startNeeded" },
  },
}).on;
