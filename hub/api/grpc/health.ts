/** `grpc.health.v1.Health`, as load balancers ask for it: open to strangers, and says no more. */
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { setTimeout as pause } from "node:timers/promises";
import {
  HealthCheckResponse_ServingStatus as Status,
  type Health,
} from "./gen/grpc/health/v1/health_pb.js";
import { HubService } from "./gen/understudy/v1/hub_pb.js";

const lookEveryMs = 1_000;

/** @param healthy whether what is told comes from a store that works */
export function healthService(healthy: () => boolean): ServiceImpl<typeof Health> {
  const statusOf = (service: string) => {
    if (service !== "" && service !== HubService.typeName) return Status.SERVICE_UNKNOWN;
    return healthy() ? Status.SERVING : Status.NOT_SERVING;
  };
  return {
    check: ({ service }) => {
      const status = statusOf(service);
      if (status !== Status.SERVICE_UNKNOWN) return { status };
      throw new ConnectError(`no service ${service}`, Code.NotFound);
    },
    watch: async function* ({ service }, { signal }) {
      let told: Status | undefined;
      while (!signal.aborted) {
        const status = statusOf(service);
        if (status !== told) yield { status: (told = status) };
        await pause(lookEveryMs, undefined, { signal }).catch(() => undefined);
      }
      signal.throwIfAborted();
    },
  };
}
