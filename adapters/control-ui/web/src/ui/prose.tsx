// Words of the manual: what stands between backticks is for machines.

export function Prose({ children }: { children: string }) {
  return <>{children.split("`").map((part, index) => (index % 2 ? <code key={index} translate={false}>{part}</code> : part))}</>;
}
