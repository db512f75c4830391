// What this browser remembers; where it may not, nothing is remembered and nothing breaks.

export function kept(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function keep(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage is full or closed.
  }
}
