import t from 'tap'
import { json, markup } from '../../lib/cli/bench/markup.js'

void t.test('values are escaped, markup is not', async (t) => {
  const name = `<b class="x">Tom & 'Jerry'</b>`
  t.equal(
    markup`<p title="${name}">${markup`<i>${1}</i>`}${[markup`<br>`, '<']}${undefined}</p>`.text,
    '<p title="&lt;b class=&quot;x&quot;&gt;Tom &amp; &#39;Jerry&#39;&lt;/b&gt;"><i>1</i><br>&lt;</p>',
  )
})

void t.test('JSON cannot end its element', async (t) => {
  const value = { title: '</script><script>alert(1)</script>' }
  const { text } = json(value)
  t.notMatch(text, /</)
  t.strictSame(JSON.parse(text), value)
})
