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

/** A picture that is here already: in the text itself, and of a kind that is only a picture. */
export function inlinePicture(href: string): string | null {
  return /^data:image\/(png|jpeg|gif|webp|avif);base64,[a-z0-9+/=\s]+$/i.test(href.trim()) ? href.trim() : null;
}
