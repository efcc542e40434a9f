/** ajv, which is CommonJS, and the schemas of AsyncAPI, which are files. */
import { createRequire } from "node:module";

type Errors = { instancePath: string; message?: string; params: object }[];
type Validate = ((value: unknown) => boolean) & { errors?: Errors | null };
type Ajv = { addSchema(schema: object, key: string): Ajv; compile(schema: object): Validate };

const load = createRequire(import.meta.url);

/** @param known schemas that others refer to, by the name they do it with */
export function openSchemas(known: Record<string, object> = {}) {
  const { Ajv } = load("ajv") as { Ajv: new (options: object) => Ajv };
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  for (const [name, schema] of Object.entries(known)) ajv.addSchema(schema, name);
  return (schema: object) => {
    const validate = ajv.compile(schema);
    /** @returns what is wrong, each with its place */
    return (value: unknown): string[] =>
      validate(value)
        ? []
        : (validate.errors ?? []).map(
            ({ instancePath, message, params }) =>
              `${instancePath}: ${message} ${JSON.stringify(params)}`,
          );
  };
}

/** The specification's own schema of AsyncAPI 3.0. */
export const asyncApiSchema = () =>
  load("@asyncapi/specs/schemas/3.0.0-without-$id.json") as object;
