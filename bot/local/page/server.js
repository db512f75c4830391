// What the page asks of the program on this machine.

const SILENT = "The program does not answer. Is it still running?";

/** What `place` shows now; throws where the program does not answer with one. */
export async function getView(place) {
  const query = new URLSearchParams(Object.entries({ as: place.as, in: place.in, thread: place.thread }).filter(([, value]) => value));
  const answer = await fetch(`view?${query}`, { cache: "no-store" });
  if (!answer.ok) throw new Error(`view: ${answer.status}`);
  return answer.json();
}

/** The commands one can type; none where the program does not say. */
export async function getCommands() {
  try {
    const answer = await fetch("words");
    return answer.ok ? (await answer.json()).commands : [];
  } catch {
    return [];
  }
}

/** Do something as a person: `{ok: true, …}` or `{ok: false, error: "one line"}`; never throws. */
export async function send(order) {
  try {
    const answer = await fetch("do", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(order),
    });
    return await answer.json();
  } catch {
    return { ok: false, error: SILENT };
  }
}

const AGAIN = 2000;

/** Call `changed` whenever something of this person's changed, and `online(bool)` as the connection goes and comes. */
export function follow(person, changed, online) {
  let stream;
  let timer;
  const open = () => {
    stream = new EventSource(`changes?as=${encodeURIComponent(person)}`);
    stream.onopen = () => { online(true); changed(); };
    stream.onmessage = changed;
    stream.onerror = () => {
      online(false);
      if (stream.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN);
    };
  };
  open();
  return () => { clearTimeout(timer); stream.close(); };
}
