(() => {
'use strict';

/**
 * What a page knows of one player; page.py and play.py write it.
 *
 * A template is markup in which `{n3}` stands for the number of slot 3, `{f3}` for the same as a
 * factor and `{b3}` where brackets may be needed. `numbers` are those of the trace.
 *
 * @typedef {number | string | null} Held  the slot of a number; what is printed of anything else
 * @typedef {{key: string, name: string, value: Held, grad: Held, path: string[], on: number[]}} Box
 * @typedef {{caption: string[], spoken: string, sweep: string, values: number[],
 *   grads: number[]}} Step
 * @typedef {{at: number, line: number, when: '' | 'v' | 'g' | 'e', x: number, y: number,
 *   size: number, left: number, right: number, texts: string[]}} Line
 * @typedef {['v' | 'g' | 'l', number]} Known  a value, a gradient, the derivative on an edge
 * @typedef {['t', number, number, number[]]} Through  from a tail to a head through those edges
 * @typedef {Known | Through | ['p', any, any]} Recipe
 * @typedef {{digits: number, numbers: number[], nodes: Box[], steps: Step[], lines: Line[],
 *   inputs: [string, number][], wires: boolean, recipes?: Recipe[], ends?: [number, number][]}} Data
 *
 * @typedef {{values: number[], locals: number[], grads: number[]}} Run
 * @typedef {Partial<Run> & {branch?: string, error?: string}} Answer
 */

const MINUS = '\u2212';
const RAISED = '\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079';
const LEVEL = MINUS + '0123456789';

/**
 * The digits of a number above 0 and its power of ten. A tie goes to the even digit, as in Python.
 *
 * @param {number} x
 * @param {number} digits
 * @returns {[string, number]}
 */
function split(x, digits) {
  const places = Math.max(digits, 1) - 1;
  let [mantissa, exponent] = x.toExponential(places).split('e');
  const [exact, power] = x.toExponential(100).split('e');
  const all = exact.replace('.', '');
  if (/^50*$/.test(all.slice(places + 1)) && Number(all[places]) % 2 === 0) {
    [mantissa, exponent] = [places ? exact.slice(0, places + 2) : exact[0], power];
  }
  if (mantissa.includes('.')) mantissa = mantissa.replace(/\.?0+$/, '');
  return [mantissa, Number(exponent)];
}

/**
 * A number as graphtrace prints it: formula/number.py, to the letter.
 *
 * @param {number} x
 * @param {number} digits
 * @returns {string}
 */
function number(x, digits) {
  if (Number.isNaN(x)) return 'nan';
  const sign = x < 0 ? MINUS : '';
  const size = Math.abs(x);
  if (size === Infinity) return sign + '\u221e';
  if (Number.isInteger(x) && size < 1e6) return sign + size;
  const most = digits + 2;
  let [mantissa, exponent] = split(size, digits);
  while (!Number.isInteger(x) && digits < most && exponent > -1 && exponent < 6) {
    if (mantissa.length - 2 > exponent) break;
    digits += 1;
    [mantissa, exponent] = split(size, digits);
  }
  if (exponent < -3 || exponent > 5) {
    const power = String(exponent).replace('-', MINUS);
    const raised = [...power].map(c => RAISED[LEVEL.indexOf(c)]).join('');
    return sign + (mantissa === '1' ? '' : mantissa + '\u00d7') + '10' + raised;
  }
  const figures = mantissa.replace('.', '');
  if (exponent < 0) return sign + '0.' + '0'.repeat(-exponent - 1) + figures;
  const rest = figures.slice(exponent + 1);
  return sign + figures.slice(0, exponent + 1).padEnd(exponent + 1, '0') + (rest && '.' + rest);
}

/**
 * All digits of a number, as Python's repr.
 *
 * @param {number} x
 * @returns {string}
 */
function repr(x) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'nan' : x > 0 ? 'inf' : '-inf';
  if (Object.is(x, -0)) return '-0.0';
  const [mantissa, power] = x.toExponential().split('e');
  const exponent = Number(power);
  if (x !== 0 && (exponent >= 16 || exponent < -4)) {
    return mantissa + 'e' + power[0] + power.slice(1).padStart(2, '0');
  }
  return String(x) + (Number.isInteger(x) ? '.0' : '');
}

/**
 * What a recipe comes to.
 *
 * @param {Recipe} recipe
 * @param {Run} run
 * @param {[number, number][]} ends
 * @returns {number}
 */
function made(recipe, run, ends) {
  switch (recipe[0]) {
    case 'v': return run.values[recipe[1]];
    case 'g': return run.grads[recipe[1]];
    case 'l': return run.locals[recipe[1]];
    case 'p': return made(recipe[1], run, ends) * made(recipe[2], run, ends);
  }
  const arriving = new Map([[recipe[2], 1]]);
  for (const edge of recipe[3]) {
    const [tail, head] = ends[edge];
    const share = arriving.get(head);
    if (share !== undefined) {
      arriving.set(tail, (arriving.get(tail) ?? 0) + share * run.locals[edge]);
    }
  }
  return arriving.get(recipe[1]) ?? 0;
}

/**
 * A template with its numbers put in; `raise` writes a power of ten as markup.
 *
 * @param {string} template
 * @param {number[]} numbers
 * @param {number} digits
 * @param {boolean} raise
 * @returns {string}
 */
function put(template, numbers, digits, raise) {
  return template.replace(/\{([nfb])(\d+)\}/g, (_, way, slot) => {
    let text = number(numbers[slot], digits);
    const brackets = (way !== 'n' && text[0] === MINUS) || (way === 'b' && /.10/.test(text));
    if (raise) {
      text = text.replace(/10([^\d.]+)$/, (_, power) =>
        `10<sup>${[...power].map(c => LEVEL[RAISED.indexOf(c)]).join('')}</sup>`);
    }
    return brackets ? `(${text})` : text;
  });
}

/**
 * Markup of a line as SVG has it: slanted, lowered and raised letters.
 *
 * @param {string} markup
 * @returns {string}
 */
function spans(markup) {
  const back = (/** @type {string} */ by) => `<tspan dy="${by}em">\u200b</tspan>`;
  return markup
    .replace(/<i>/g, '<tspan font-style="italic">').replace(/<\/i>/g, '</tspan>')
    .replace(/<sub>/g, '<tspan dy=".24em" font-size="75%">')
    .replace(/<\/sub>/g, '</tspan>' + back('-.18'))
    .replace(/<sup>/g, '<tspan dy="-.51em" font-size="75%">')
    .replace(/<\/sup>/g, '</tspan>' + back('.38'));
}

/**
 * Start a player at every element of that key that has none yet.
 *
 * @param {string} key
 * @param {Data} data
 * @param {((inputs: number[]) => Answer) | null} program
 */
function play(key, data, program) {
  const waiting = `.graphtrace-player[data-key="${key}"]:not([data-ready])`;
  document.querySelectorAll(waiting).forEach(root => {
    if (root instanceof HTMLElement) start(root, data, program);
  });
}

/**
 * @param {HTMLElement} root
 * @param {Data} data
 * @param {((inputs: number[]) => Answer) | null} program
 */
function start(root, data, program) {
  root.dataset.ready = '';
  const {digits, nodes, steps} = data;
  /** @param {string} role */
  const part = role => /** @type {HTMLElement} */ (root.querySelector(`[data-role=${role}]`));
  /** @param {string} action */
  const button = action =>
    /** @type {HTMLButtonElement} */ (root.querySelector(`[data-action=${action}]`));
  const [caption, path, message] = ['caption', 'path', 'message'].map(part);
  const slider = /** @type {HTMLInputElement} */ (part('step'));
  const speed = /** @type {HTMLSelectElement} */ (part('speed'));
  const told = message.textContent || '';
  const isPage = root.hasAttribute('data-page');
  /** @type {SVGGElement[]} */
  const elements = [...root.querySelectorAll('svg g.node, svg g.edge')].map(g =>
    /** @type {SVGGElement} */ (g));
  const place = new Map(nodes.map((node, i) => [node.key, i]));
  /** @param {SVGGElement} g @param {string} name */
  const held = (g, name) => place.get(g.getAttribute(name) || '') ?? -1;
  const isBack = (/** @type {Element} */ g) => g.classList.contains('backward');
  const paired = new Set(elements.filter(isBack).map(g => ends(g).join()));
  const fields = data.inputs.map(([key]) => {
    /** @param {string} name */
    const named = name => /** @type {HTMLInputElement} */ (
      [...root.querySelectorAll('input')].find(input => input.getAttribute(name) === key));
    return {key, field: named('data-input'), range: named('data-range')};
  });

  let step = 0;
  let numbers = data.numbers;
  let problem = '';
  let picked = -1;
  let looked = -1;
  let timer = 0;

  /** @param {SVGGElement} g */
  function ends(g) {
    return [held(g, 'data-from'), held(g, 'data-to')];
  }

  /** @param {Held} held */
  const text = held => typeof held === 'number' ? number(numbers[held], digits) : held;
  /** @param {Held} held */
  const exact = held => typeof held === 'number' ? repr(numbers[held]) : held ?? '';

  /** The sides of an equation; those with numbers only where they are known and true. */
  /** @param {string[]} sides @param {boolean} known */
  function equation(sides, known) {
    const shown = sides.filter(side => (known && !problem) || !side.includes('{'));
    return shown.map(side => put(side, numbers, digits, !side.startsWith('<math'))).join('');
  }

  const lines = data.lines.map(line => {
    const box = /** @type {SVGGElement} */ (
      elements[line.at].querySelector(`[data-line="${line.line}"]`));
    const first = line.texts.length ? put(line.texts[0], numbers, digits, true) : '';
    return {...line, box, drawn: box.innerHTML, first, shown: first};
  });

  /** Write a line with its numbers as they are: the longest text for which there is room. */
  /** @param {typeof lines[number]} line */
  function write(line) {
    const wanted = put(line.texts[0], numbers, digits, true);
    if (wanted === line.shown) return;
    line.shown = wanted;
    line.box.innerHTML = line.drawn;
    if (wanted === line.first) return;
    const old = /** @type {Element} */ (line.box.querySelector('g[class]'));
    const written = document.createElementNS('http://www.w3.org/2000/svg', 'text');
    for (const name of ['class', 'fill']) written.setAttribute(name, old.getAttribute(name) || '');
    old.replaceWith(written);
    const room = line.left + line.right;
    let size = line.size, width = 0;
    for (const one of line.texts) {
      written.innerHTML = spans(put(one, numbers, digits, true));
      written.setAttribute('font-size', String(line.size));
      width = written.getComputedTextLength();
      size = line.size * Math.min(1, room / (width || 1));
      if (size >= 0.8 * line.size) break;
    }
    width *= size / line.size;
    const x = Math.min(Math.max(line.x, line.x - line.left + width / 2),
      line.x + line.right - width / 2);
    written.setAttribute('font-size', String(size));
    written.setAttribute('text-anchor', 'middle');
    written.setAttribute('x', String(x));
    written.setAttribute('y', String(line.y + 0.35 * size));
    const paper = line.box.querySelector('rect');
    if (paper) {
      paper.setAttribute('x', String(x - width / 2 - 2));
      paper.setAttribute('width', String(width + 4));
    }
  }

  function draw() {
    const done = steps.slice(0, step);
    const values = new Set(done.flatMap(one => one.values));
    const grads = new Set(done.flatMap(one => one.grads));
    const now = step ? steps[step - 1] : null;
    const fresh = new Set(now && now.values), back = new Set(now && now.grads);
    const lit = new Set(looked < 0 ? [] : nodes[looked].on);
    root.dataset.step = String(step);
    root.toggleAttribute('data-untrue', problem !== '');
    elements.forEach((g, i) => {
      /** @param {Object<string, boolean>} states */
      const set = states => {
        for (const name in states) g.classList.toggle('gt-' + name, states[name]);
      };
      set({path: lit.has(i)});
      if (g.classList.contains('node')) {
        const at = held(g, 'data-node');
        const own = !g.classList.contains('copy');
        set({dim: !values.has(at), bold: own && fresh.has(at), strong: own && back.has(at),
          picked: own && at === picked});
        /** @param {string} name @param {boolean} known @param {Held} it */
        const tell = (name, known, it) => known && !problem && it !== null
          ? g.setAttribute(name, exact(it)) : g.removeAttribute(name);
        if (at < 0) return;
        const {name, value, grad} = nodes[at];
        tell('data-value', values.has(at), value ?? '');
        tell('data-grad', grads.has(at), grad);
        const said = [name];
        if (values.has(at) && !problem && value !== null) said.push(`value ${text(value)}`);
        if (grads.has(at) && !problem && grad !== null) said.push(`gradient ${text(grad)}`);
        if (own) g.setAttribute('aria-label', said.join(', '));
        return;
      }
      const [tail, head] = ends(g);
      const known = grads.has(tail) && grads.has(head);
      const used = known && back.has(tail);
      if (isBack(g)) set({off: !known, strong: used});
      else {
        set({dim: !values.has(data.wires ? tail : head), bold: fresh.has(head) && tail !== head,
          used, strong: used && !paired.has([tail, head].join())});
      }
    });
    for (const line of lines) {
      const g = elements[line.at];
      const [tail, head] = g.classList.contains('node') ? [held(g, 'data-node'), -1] : ends(g);
      const known = line.when === 'v' ? values.has(tail) : line.when === 'g' ? grads.has(tail)
        : line.when === 'e' ? grads.has(tail) && grads.has(head) : true;
      line.box.classList.toggle('gt-off', !known);
      line.box.classList.toggle('gt-live', line.texts.length > 0);
      if (line.texts.length && !problem) write(line);
    }
    say(now, grads);
  }

  /** @param {Step | null} now @param {Set<number>} grads */
  function say(now, grads) {
    const count = `${step} of ${steps.length}${now ? ' \u00b7 ' + now.sweep : ''}`;
    const of = picked < 0 ? now : steps.find(one => one.grads.includes(picked)) || now;
    const known = picked < 0 || of === now || grads.has(picked);
    const said = of ? equation(of.caption, known) : 'Nothing is known yet.';
    const next = `<small>${count}</small> ${said}`;
    if (caption.dataset.said !== next) caption.innerHTML = caption.dataset.said = next;
    const along = looked < 0 ? '' : equation(nodes[looked].path, grads.has(looked));
    path.innerHTML = along;
    root.toggleAttribute('data-looks', along !== '');
    message.textContent = problem || told;
    slider.value = String(step);
    const spoken = now && !problem ? put(now.spoken, numbers, digits, false) : '';
    slider.setAttribute('aria-valuetext',
      `step ${step} of ${steps.length}` + (spoken ? ': ' + spoken : ''));
    for (const action of ['first', 'previous']) off(button(action), step === 0);
    for (const action of ['next', 'last']) off(button(action), step === steps.length);
    const runs = timer !== 0;
    const toggle = button('play');
    toggle.setAttribute('aria-label', runs ? 'Pause' : 'Play');
    toggle.toggleAttribute('data-runs', runs);
  }

  /** A button that does nothing now; it keeps the focus. */
  /** @param {HTMLButtonElement} one @param {boolean} is */
  function off(one, is) {
    one.setAttribute('aria-disabled', String(is));
  }

  /** So much room for the caption that nothing beneath it moves. */
  function reserve() {
    if (!root.clientWidth) return;
    const stack = /** @type {HTMLElement} */ (caption.parentElement);
    const copy = /** @type {HTMLElement} */ (caption.cloneNode());
    copy.removeAttribute('aria-live');
    stack.append(copy);
    let height = 0;
    for (const sides of [...steps.map(one => one.caption), ...nodes.map(node => node.path)]) {
      copy.innerHTML = '<small>99 of 99 \u00b7 backward</small> ' +
        sides.map(side => put(side, data.numbers, digits, true)).join('');
      height = Math.max(height, copy.offsetHeight);
    }
    copy.remove();
    stack.style.minHeight = `${height}px`;
  }

  /** @param {number} to */
  function go(to) {
    step = Math.min(Math.max(to, 0), steps.length);
    picked = -1;
    if (step === steps.length) stop();
    draw();
    remember();
  }

  function stop() {
    clearTimeout(timer);
    timer = 0;
  }

  function run() {
    timer = window.setTimeout(() => {
      if (!root.isConnected) return;
      run();
      go(step + 1);
    }, 1600 / Number(speed.value));
  }

  /** @type {Object<string, () => void>} */
  const acts = {
    first: () => go(0),
    previous: () => go(step - 1),
    next: () => go(step + 1),
    last: () => go(steps.length),
    play: () => {
      if (timer) stop();
      else {
        if (step === steps.length) step = 0;
        run();
      }
      draw();
    },
  };

  /** @type {Object<string, () => void>} */
  const keys = {ArrowRight: acts.next, ArrowUp: acts.next, ArrowLeft: acts.previous,
    ArrowDown: acts.previous, Home: acts.first, End: acts.last, ' ': acts.play};

  root.addEventListener('keydown', event => {
    const act = keys[event.key];
    const at = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (at.closest('.node') && (event.key === 'Enter' || event.key === ' ')) {
      pick(at);
    } else if (!act) {
      return;
    } else if ((event.key === ' ' && at.matches('button')) || at.matches('select')
        || (at.matches('input') && at !== slider)) {
      event.stopPropagation();
      return;
    } else act();
    event.preventDefault();
    event.stopPropagation();
  });
  for (const [name, act] of Object.entries(acts)) button(name).addEventListener('click', act);
  slider.addEventListener('input', () => go(Number(slider.value)));

  /** @param {Element} at */
  function pick(at) {
    const node = at.closest('.node');
    const to = node ? held(/** @type {SVGGElement} */ (node), 'data-node') : -1;
    picked = to === picked ? -1 : to;
    draw();
  }

  /** @param {Event} event */
  function look(event) {
    const at = event.target instanceof Element && event.target.closest('.node');
    const to = at && /over|focusin/.test(event.type)
      ? held(/** @type {SVGGElement} */ (at), 'data-node') : -1;
    if (to === looked) return;
    looked = to;
    draw();
  }
  const figure = part('figure');
  for (const name of ['pointerover', 'pointerleave', 'focusin', 'focusout']) {
    figure.addEventListener(name, look);
  }
  figure.addEventListener('click', event => {
    if (event.target instanceof Element && event.target.closest('.node')) pick(event.target);
  });

  /** Compute all numbers anew from the fields. */
  function compute() {
    if (!program || !data.recipes) return;
    const given = fields.map(({field}) => field.valueAsNumber);
    const wrong = fields.findIndex((_, i) => !Number.isFinite(given[i]));
    /** @type {Answer} */
    let answer = {error: wrong < 0 ? '' : `${fields[wrong].key} is no number: type one`};
    if (wrong < 0) answer = program(given);
    problem = answer.branch || answer.error || '';
    if (!problem) {
      const {values, locals, grads} = /** @type {Run} */ (answer);
      numbers = data.recipes.map(one => made(one, {values, locals, grads}, data.ends || []));
    }
    draw();
  }
  for (const {field, range} of fields) {
    field.addEventListener('input', () => {
      range.value = field.value;
      compute();
      remember();
    });
    range.addEventListener('input', () => {
      field.value = range.value;
      compute();
      remember();
    });
  }

  /** In the address of a page, an input that is called step has another name. */
  /** @param {string} key */
  const named = key => key === 'step' ? 'input.step' : key;

  function remember() {
    if (!isPage) return;
    const told = new URLSearchParams([['step', String(step)]]);
    data.inputs.forEach(([, slot], i) => {
      const {key, field} = fields[i];
      if (field.valueAsNumber !== data.numbers[slot]) told.set(named(key), field.value);
    });
    try {
      history.replaceState(null, '', '#' + told);
    } catch { /* an address that cannot change, as in a frame that is closed off */ }
  }

  function recall() {
    const told = new URLSearchParams(location.hash.slice(1));
    for (const {key, field, range} of fields) {
      const value = told.get(named(key));
      if (value !== null && !field.disabled) field.value = range.value = value;
    }
    step = Math.min(Math.max(Math.trunc(Number(told.get('step'))) || 0, 0), steps.length);
    if (told.size) compute();
    draw();
  }

  // What the picture says of itself as a whole would tell what is not known yet.
  root.querySelectorAll('svg desc, svg g > title').forEach(one => one.remove());
  elements.filter(g => g.matches('.node:not(.copy)')).forEach(g => {
    g.setAttribute('tabindex', '0');
    g.setAttribute('role', 'button');
  });
  part('controls').hidden = false;
  new ResizeObserver(reserve).observe(root);
  if (isPage) {
    addEventListener('hashchange', recall);
    recall();
  } else draw();
}

// The page adds the call.
})();
