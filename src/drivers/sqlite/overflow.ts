/** The first overflow page of each cell on a page of a table or an index that has one. `usable`: bytes of a page that are used. */
export function* overflowsOf(page: Buffer, start: number, usable: number): Iterable<number> {
  const form = forms.get(page.readUInt8(start));
  if (form === undefined) return;
  const cells = page.readUInt16BE(start + 3);
  for (let at = 0; at < cells; at += 1) {
    let place = page.readUInt16BE(start + form.header + at * 2) + form.child;
    const payload = lengthAt(page, place);
    place = behindVarint(page, place);
    if (form.rowid) place = behindVarint(page, place);
    const local = localBytes(payload, usable, form.rowid);
    if (local < payload) yield page.readUInt32BE(place + local);
  }
}

/** Kinds of pages with rows or keys of an index on them. */
const forms: ReadonlyMap<number, { readonly header: number; readonly child: number; readonly rowid: boolean }> =
  new Map([
    [2, { header: 12, child: 4, rowid: false }],
    [10, { header: 8, child: 0, rowid: false }],
    [13, { header: 8, child: 0, rowid: true }],
  ]);

/** How much of a payload stands on the page itself, as the file format says. */
function localBytes(payload: number, usable: number, ofTable: boolean): number {
  const most = ofTable ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23;
  if (payload <= most) return payload;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const even = least + ((payload - least) % (usable - 4));
  return even <= most ? even : least;
}

/** Payloads are shorter than 2 GB. */
function lengthAt(bytes: Buffer, place: number): number {
  let value = 0;
  for (let at = place; at < behindVarint(bytes, place); at += 1) value = value * 128 + (bytes.readUInt8(at) & 0x7f);
  return value;
}

function behindVarint(bytes: Buffer, place: number): number {
  for (let at = place; at < place + 8; at += 1) if (bytes.readUInt8(at) < 0x80) return at + 1;
  return place + 9;
}
