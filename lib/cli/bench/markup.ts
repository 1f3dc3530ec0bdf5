/** HTML from strings that may contain anything. */

/** Markup that can be put into a page unescaped. */
export class Markup {
  constructor(readonly text: string) {}
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function render(value: unknown): string {
  if (value instanceof Markup) return value.text
  if (Array.isArray(value)) return value.map(render).join('')
  return value === undefined || value === null
    ? ''
    : String(value).replace(/[&<>"']/g, (character) => entities[character] as string)
}

/** A template that escapes its values unless they are markup; arrays are joined. */
export function markup(strings: TemplateStringsArray, ...values: unknown[]): Markup {
  return new Markup(strings.map((string, index) => string + render(values[index])).join(''))
}

/** JSON for a script element: nothing in it can end the element. */
export function json(value: unknown): Markup {
  return new Markup(JSON.stringify(value).replaceAll('<', '\\u003c'))
}
