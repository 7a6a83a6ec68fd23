import * as z from 'zod';

const name = z.string().regex(/^[^\s,=/'"\\\u0000-\u001f]{1,255}$/);
const amounts = z.record(z.string(), z.number().finite());
const limits = z.record(z.string(), z.number().finite().nullable());
const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);

/** Bodies of the control API. Keys that are unknown are left alone: agents send more than is used. */
export const bodies = {
  applySettings: z.object({
    resource_id: name,
    fairshare: optional(z.number().int().min(0)),
    grp_tres_mins: optional(limits),
    max_tres_mins: optional(limits),
    grp_tres: optional(limits),
    /** Node-hours, or billing minutes by name. */
    qos_threshold: optional(z.union([z.number().min(0), amounts])),
    billing_weights: optional(amounts),
    reset_raw_usage: optional(z.boolean()),
    cluster: optional(z.string()),
  }),
  downscale: z.object({ resource_id: name, action: z.literal('set_qos').default('set_qos'), qos: name, reason: optional(z.string()) }),
  restore: z.object({ resource_id: name, qos: optional(name) }),
  submitReport: z.object({
    resource_id: name,
    usage: z.number().min(0),
    billing_period: optional(z.string()),
    date: optional(z.string()),
    users: optional(z.record(name, z.number().min(0))),
  }),
  cluster: z.object({ name }),
  token: z.object({ username: name, lifespan: z.number().int().min(1).max(31_536_000).default(1800) }),
  setTime: z.object({ date: z.string() }),
  account: z.object({
    name,
    description: optional(z.string()),
    organization: optional(z.string()),
    parent: optional(name),
    allocation: optional(z.number().min(0)),
    grace: optional(z.number().min(0).max(10)),
    period: optional(z.enum(['month', 'quarter', 'total'])),
  }),
} as const;
