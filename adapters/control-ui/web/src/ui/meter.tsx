// How much of something is used, as a bar. What it says stands in words beside it.

/** A bar of which `percent` is filled; it changes its colour as it fills. */
export function Meter({ percent }: { percent: number }) {
  const tone = percent >= 90 ? "bad" : percent >= 70 ? "warn" : "plain";
  return (
    <svg class={`meter ${tone}`} viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect class="meter-ground" width="100" height="4" />
      <rect class="meter-used" width={Math.min(100, Math.max(0, percent))} height="4" />
    </svg>
  );
}
