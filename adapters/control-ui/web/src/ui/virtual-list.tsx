// A list of any length, of which only what is in sight exists.
//
// Rows may have any height and may change it. Whatever changes above what somebody reads, the words stay
// where they are; whoever is at the end stays at the end.
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useReducer, useRef } from "preact/hooks";

import { offsetsOf, rowAt, rowsBetween } from "./window.ts";

interface VirtualListProps<T> {
  items: readonly T[];
  keyOf: (item: T) => string;
  render: (item: T, index: number) => ComponentChildren;
  /** How high a row probably is. */
  estimate: number;
  label: string;
  class?: string;
  /** Whether the list begins at its end and stays there when rows are added. */
  stick?: boolean;
  /** Somebody is about to see the first row. */
  onStart?: () => void;
  /** Whether the end is in sight, whenever that changes. */
  onEnd?: (isThere: boolean) => void;
  /** Lets others scroll. */
  handle?: { current: VirtualListHandle | null };
}

export interface VirtualListHandle {
  toEnd(): void;
  toRow(index: number): void;
}

/** How many rows exist beyond those in sight. */
const MORE = 4;
/** How near the end counts as being there. */
const NEAR_END = 48;
/** How near the start it is time to fetch what is before it. */
const NEAR_START = 600;

export function VirtualList<T>(props: VirtualListProps<T>) {
  const { items, keyOf, render, estimate, label, stick = false, handle } = props;
  const box = useRef<HTMLDivElement>(null);
  const heights = useRef(new Map<string, number>()).current;
  const at = useRef({ top: 0, height: 0, isEnd: stick, anchor: null as { key: string; above: number } | null }).current;
  const latest = useRef(props);
  latest.current = props;
  const [version, again] = useReducer<number, void>((count) => count + 1, 0);

  const keys = useMemo(() => items.map(keyOf), [items, keyOf]);
  const offsets = useMemo(() => offsetsOf(keys, heights, estimate), [keys, version, estimate]);
  const total = offsets[keys.length]!;
  const top = at.isEnd ? Math.max(0, total - at.height) : at.top;
  const [first, last] = rowsBetween(offsets, top, top + (at.height || 800), MORE);

  const drawn = useRef({ keys, offsets });
  drawn.current = { keys, offsets };

  /** Remembers which row is at the top, and how much of it is above. */
  const anchor = (top: number) => {
    const row = rowAt(drawn.current.offsets, top);
    const key = drawn.current.keys[row];
    at.top = top;
    at.anchor = key === undefined ? null : { key, above: top - drawn.current.offsets[row]! };
  };

  const look = useCallback(() => {
    const element = box.current;
    if (!element) return;
    anchor(element.scrollTop);
    at.height = element.clientHeight;
    const isEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END;
    if (isEnd !== at.isEnd) latest.current.onEnd?.(isEnd);
    at.isEnd = stick && isEnd;
    if (element.scrollTop < NEAR_START) latest.current.onStart?.();
    again();
  }, [stick]);

  // Keeps what is read where it is: at the end, or at the row it was at.
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    if (at.isEnd) element.scrollTop = element.scrollHeight;
    else if (at.anchor) {
      const row = keys.indexOf(at.anchor.key);
      const wanted = row === -1 ? at.top : offsets[row]! + at.anchor.above;
      if (Math.abs(wanted - element.scrollTop) > 0.5) element.scrollTop = wanted;
    }
    anchor(element.scrollTop);
  }, [offsets, keys, first, last]);

  const sizes = useMemo(() => new ResizeObserver((entries) => {
    let changed = false;
    for (const { target } of entries) {
      const row = target as HTMLElement;
      if (row === box.current) {
        changed ||= at.height !== row.clientHeight;
        at.height = row.clientHeight;
        continue;
      }
      const key = row.dataset["key"];
      const height = row.offsetHeight;
      if (key === undefined || !height || heights.get(key) === height) continue;
      heights.set(key, height);
      changed = true;
    }
    if (changed) again();
  }), []);
  useEffect(() => {
    if (box.current) sizes.observe(box.current);
    look();
    return () => sizes.disconnect();
  }, []);

  if (handle) {
    handle.current = {
      toEnd() {
        at.isEnd = stick;
        box.current?.scrollTo({ top: box.current.scrollHeight });
        again();
      },
      toRow(index) {
        at.isEnd = false;
        at.anchor = { key: keys[index] ?? "", above: 0 };
        box.current?.scrollTo({ top: offsets[index] ?? 0 });
      },
    };
  }

  const rows = [];
  for (let index = first; index < last; index += 1) {
    const key = keys[index]!;
    rows.push(
      <Row key={key} name={key} sizes={sizes} index={index} count={keys.length}>
        {render(items[index]!, index)}
      </Row>,
    );
  }
  return (
    <div class={`virtual ${props.class ?? ""}`} ref={box} onScroll={look} tabIndex={0} role="list" aria-label={label}>
      <div class="virtual-whole" role="presentation" style={{ height: `${total}px` }}>
        <div class="virtual-part" role="presentation" style={{ transform: `translateY(${offsets[first] ?? 0}px)` }}>{rows}</div>
      </div>
    </div>
  );
}

function Row({ name, sizes, index, count, children }: { name: string; sizes: ResizeObserver; index: number; count: number; children: ComponentChildren }) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const row = element.current!;
    sizes.observe(row);
    return () => sizes.unobserve(row);
  }, []);
  return (
    <div ref={element} class="virtual-row" data-key={name} role="listitem" aria-setsize={count} aria-posinset={index + 1}>
      {children}
    </div>
  );
}
