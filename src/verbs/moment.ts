/** A moment in UTC as it stands in names that people type: `20260131-120000`. */
export function stampOf(moment: Date): string {
  return moment.toISOString().replace(/[-:]/g, '').slice(0, 15).replace('T', '-');
}
