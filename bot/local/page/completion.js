// What can follow in the message box, told from the text before the caret. Pure.

const NOTHING = { from: 0, options: [], hint: null };
const MOST = 8;

/**
 * `known`: `{commands, people, conversations}`. An option is `{text, label, detail}`: `text` takes the place of what
 * stands from `from` to the caret. `hint`: the usage and meaning of the verb being typed.
 */
export function completion(before, known) {
  return atCommand(before, known.commands) ?? atName(before, known) ?? atVerb(before, known.commands) ?? NOTHING;
}

function atCommand(before, commands) {
  if (!/^\/\S*$/.test(before)) return null;
  const options = commands.filter((command) => command.name.startsWith(before.toLowerCase()))
    .map((command) => ({ text: command.name, label: command.name, detail: verbsOf(command) }));
  return { from: 0, options, hint: null };
}

const verbsOf = (command) => command.verbs.slice(0, 4).map((verb) => verb.name).join(", ") + (command.verbs.length > 4 ? " …" : "");

function atVerb(before, commands) {
  const said = /^(\/\S+)\s+(.*)$/s.exec(before);
  const command = said && commands.find((one) => one.name === said[1].toLowerCase());
  if (!command) return null;
  const typed = said[2].toLowerCase();
  const options = command.verbs.filter((verb) => verb.name.startsWith(typed))
    .map((verb) => ({ text: verb.name, label: verb.usage, detail: verb.does }));
  return { from: before.length - said[2].length, options, hint: hintFor(command, typed) };
}

function hintFor(command, typed) {
  const verbs = command.verbs.filter((verb) => typed === verb.name || typed.startsWith(`${verb.name} `));
  return verbs.sort((a, b) => b.name.length - a.name.length)[0] ?? null;
}

function atName(before, { people, conversations }) {
  const said = /(?:^|\s)([@#])([\p{L}\p{N}._-]*)$/u.exec(before);
  if (!said) return null;
  const [, sign, typed] = said;
  const all = sign === "@" ? people : conversations.filter((room) => room.kind === "channel");
  const options = all.filter((one) => one.name.toLowerCase().startsWith(typed.toLowerCase())).slice(0, MOST)
    .map((one) => ({ text: `${sign}${one.name}`, label: `${sign}${one.name}`, detail: one.status ?? "" }));
  return { from: before.length - typed.length - 1, options, hint: null };
}
