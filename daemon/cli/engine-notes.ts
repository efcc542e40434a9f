/** Which program will run for encoders of `driver: auto`, as far as the file alone tells. */
import type { SiteConfig } from "../../config/site.schema.ts";
import { chosenEngine } from "../../machines/encoder/engine-choice.ts";
import { endpointOf } from "../../machines/endpoint.ts";
import { asGstreamer } from "../drivers/auto/as-gstreamer.ts";
import type { AutoOptions } from "../drivers/auto/options.ts";

type Config = Pick<SiteConfig, "encoders" | "streams" | "destinations">;

/** @returns a sentence for each of them and each stream that it is for */
export const engineNotes = ({ encoders, streams, destinations }: Config): string[] =>
  streams.flatMap((stream) =>
    stream.encoders.flatMap((listed) => {
      const { id, driver, options } = encoders.find((box) => box.id === listed.encoder)!;
      if (driver !== "auto") return [];
      const address = destinations.find((to) => to.id === stream.destination)!.address;
      const { engine, because } = chosenEngine({
        to: stream.path === "relayed" ? "spool" : endpointOf(address)?.scheme,
        input: (options as AutoOptions).input.kind,
        onlyFfmpeg: asGstreamer(options as AutoOptions).onlyFfmpeg,
        lacks: [],
      });
      const by = engine === "ffmpeg" ? "ffmpeg" : "GStreamer, where that works";
      return [`${id} encodes ${stream.id} by ${by}: ${because}`];
    }),
  );
