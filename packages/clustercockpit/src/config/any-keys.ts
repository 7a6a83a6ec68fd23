import * as z from 'zod';

/** Whatever keys there are. A module of its own, so that it can be loaded late without all of zod. */
export const anyKeys = z.looseObject({});
