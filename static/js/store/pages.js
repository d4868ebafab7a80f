// Visited pages, kept by the service worker where the browser allows one (https or localhost).

/** Nobody after this person reads them. */
export async function forgetPages() {
  if (window.caches) await caches.delete("pages")
}
