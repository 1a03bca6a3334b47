// Which links and pictures of others are followed.

/** The address a link may lead to; nothing where it would lead somewhere a stranger should not send one. */
export function safeLink(href: string): string | null {
  // Browsers ignore control characters and spaces in front of a scheme; so must whoever looks at it.
  const text = href.replace(/[\u0000-\u0020\u007f-\u00a0\u200b-\u200f\u2028-\u202f\ufeff]/g, "");
  try {
    const url = new URL(text);
    if (!["http:", "https:", "mailto:"].includes(url.protocol)) return null;
    // `https://bank.example@evil.example/` is not what it seems to be.
    if (url.username || url.password) return null;
    return url.href;
  } catch {
    return null;
  }
}

/** The address a picture may be fetched from, once somebody asks for it: never in the clear. */
export function safePicture(href: string): string | null {
  const link = safeLink(href);
  return link?.startsWith("https:") ? link : null;
}

/** Who would be asked for what an address names, as it is to be read. */
export function hostOf(address: string): string {
  return new URL(address).host || address;
}

/** `marked` writes these five as entities; here they become what they stand for. */
export function plain(text: string): string {
  const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: "\"", "#39": "'" };
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (whole, name: string) => entities[name] ?? whole);
}

/** A picture that is here already: in the text itself, and of a kind that is only a picture. */
export function inlinePicture(href: string): string | null {
  return /^data:image\/(png|jpeg|gif|webp|avif);base64,[a-z0-9+/=\s]+$/i.test(href.trim()) ? href.trim() : null;
}
