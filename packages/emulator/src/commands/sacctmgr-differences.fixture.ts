/** Calls whose answers differ from the recorded ones, with the reason. */
export const acceptedDifferences: Readonly<Record<string, readonly { readonly call: string; readonly reason: string }[]>> = {
  '22.05': [],
  '24.11': [],
  '26.05': [],
};
