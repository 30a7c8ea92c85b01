(() => {
'use strict';

/**
 * What a page knows of one player; play.py writes it.
 *
 * A template is markup in which `{3}` stands for the number of slot 3, `{f3}` for the same as a
 * factor and `{b3}` where brackets may be needed. `numbers` are those of the trace. Boxes and arrows
 * go by their places in the picture, nodes by theirs in `nodes`.
 *
 * @typedef {number | string | null} Held  the slot of a number; what is printed of anything else
 * @typedef {[key: string, value: Held, grad: Held, path: string[], on: number[]]} Node
 * @typedef {[caption: string[], sweep: string, values: number[], grads: number[]]} Step
 * @typedef {[at: number, line: number, when: '' | 'v' | 'g' | 'e', x: number, y: number,
 *   size: number, left: number, right: number, texts: string[]]} Line
 * @typedef {['v' | 'g' | 'l', number]} Known  a value, a gradient, the derivative on an edge
 * @typedef {['t', number, number, number[]]} Through  from a tail to a head through those edges
 * @typedef {Known | Through | ['p', any, any]} Recipe
 * @typedef {{digits: number, numbers: number[], nodes: Node[], steps: Step[], lines: Line[],
 *   inputs: [string, number][], wires?: number, recipes?: Recipe[], ends?: [number, number][]}} Data
 *
 * @typedef {{values: number[], locals: number[], grads: number[]}} Run
 * @typedef {Partial<Run> & {branch?: string, error?: string}} Answer
 */

const MINUS = '−';
const RAISED = '⁻⁰¹²³⁴⁵⁶⁷⁸⁹';
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
 * A number as graphtrace prints it: formula/number.py, to the letter; `raise` writes a power of ten
 * as markup.
 *
 * @param {number | boolean} x
 * @param {number} digits
 * @param {boolean} [raise]
 * @returns {string}
 */
function number(x, digits, raise) {
  if (typeof x === 'boolean') return x ? 'True' : 'False';
  if (Number.isNaN(x)) return 'nan';
  const sign = x < 0 ? MINUS : '';
  const size = Math.abs(x);
  if (size === Infinity) return sign + '∞';
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
    return sign + (mantissa === '1' ? '' : mantissa + '×') + '10' + (raise
      ? `<sup>${power}</sup>` : [...power].map(c => RAISED[LEVEL.indexOf(c)]).join(''));
  }
  const figures = mantissa.replace('.', '');
  if (exponent < 0) return sign + '0.' + '0'.repeat(-exponent - 1) + figures;
  const rest = figures.slice(exponent + 1);
  return sign + figures.slice(0, exponent + 1).padEnd(exponent + 1, '0') + (rest && '.' + rest);
}

/**
 * All digits of a number, as Python's repr.
 *
 * @param {number | boolean} x
 * @returns {string}
 */
function repr(x) {
  if (typeof x === 'boolean') return x ? 'True' : 'False';
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
  return template.replace(/\{([fb]?)(\d+)\}/g, (_, way, slot) => {
    const text = number(numbers[slot], digits, raise);
    const brackets = (way && text[0] === MINUS) || (way === 'b' && /.10/.test(text));
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
  document.querySelectorAll(waiting).forEach(root =>
    start(/** @type {HTMLElement} */ (root), data, program));
}

/**
 * @param {HTMLElement} root
 * @param {Data} data
 * @param {((inputs: number[]) => Answer) | null} program
 */
function start(root, data, program) {
  const {digits, nodes, steps} = data;
  const all = (/** @type {string} */ what) =>
    /** @type {HTMLElement[]} */ ([...root.querySelectorAll(what)]);
  const part = (/** @type {string} */ role) => all(`[data-role=${role}]`)[0];
  const attr = (/** @type {Element} */ of, /** @type {Object<string, any>} */ its) => {
    for (const name in its) {
      if (its[name] === null) of.removeAttribute(name);
      else of.setAttribute(name, its[name]);
    }
  };
  const [caption, path, message, figure, step, speed] =
    ['caption', 'path', 'message', 'figure', 'step', 'speed'].map(part);
  const slider = /** @type {HTMLInputElement} */ (step);
  const why = message.textContent;
  const isPage = root.hasAttribute('data-page');
  const elements = all('svg g.node, svg g.edge');
  const node = (/** @type {Element} */ g, name = 'data-node') =>
    nodes.findIndex(one => one[0] === g.getAttribute(name));
  const has = (/** @type {Element} */ g, /** @type {string} */ name) => g.classList.contains(name);
  const ends = elements.map(g =>
    has(g, 'node') ? [node(g), -1] : [node(g, 'data-from'), node(g, 'data-to')]);
  const paired = new Set(ends.filter((_, i) => has(elements[i], 'backward')).map(String));
  const fields = /** @type {HTMLInputElement[]} */ (all('[data-input]'));
  const ranges = fields.map(one => /** @type {HTMLInputElement} */ (one.nextElementSibling));

  /** @type {Step} */
  const none = [[], '', [], []];
  let now = 0, numbers = data.numbers, problem = '', picked = -1, looked = -1, timer = 0, latest = '';

  const fill = (/** @type {string} */ text, raise = true) => put(text, numbers, digits, raise);
  const print = (/** @type {Held} */ it, how = number) =>
    typeof it === 'number' ? how(numbers[it], digits) : it;

  /**
   * The sides of an equation; those with numbers only where they are known and true.
   *
   * @param {string[]} sides
   * @param {boolean} known
   */
  const equation = (sides, known) => sides
    .filter(side => (known && !problem) || !side.includes('{'))
    .map(side => fill(side, side[1] !== 'm')).join('');

  const lines = data.lines.map(([at, line, when, x, y, size, left, right, texts]) => {
    const box = /** @type {Element} */ (elements[at].querySelector(`[data-line="${line}"]`));
    if (texts[0]) box.classList.add('gt-live');
    const first = texts[0] ? fill(texts[0]) : '';
    return {at, when, x, y, size, left, right, texts, box, first, shown: first,
      drawn: box.innerHTML};
  });

  /**
   * Write a line with its numbers as they are: the longest text for which there is room.
   *
   * @param {typeof lines[number]} line
   */
  function write(line) {
    const {box, texts, x, left, right} = line;
    const wanted = fill(texts[0]);
    if (wanted === line.shown) return;
    line.shown = wanted;
    box.innerHTML = line.drawn;
    if (wanted === line.first) return;
    const g = /** @type {Element} */ (box.querySelector('g'));
    attr(g, {transform: null, role: null});
    g.innerHTML = '<text text-anchor="middle"/>';
    const text = /** @type {SVGTextElement} */ (g.firstChild);
    let size = 0, width = 0;
    for (const one of texts) {
      text.innerHTML = spans(fill(one));
      attr(g, {'font-size': line.size});
      width = text.getComputedTextLength();
      size = line.size * Math.min(1, (left + right) / (width || 1));
      if (size > 0.8 * line.size) break;
    }
    width *= size / line.size;
    const middle = Math.min(Math.max(x, x - left + width / 2), x + right - width / 2);
    attr(g, {'font-size': size});
    attr(text, {x: middle, y: line.y + 0.35 * size});
    const paper = box.querySelector('rect');
    if (paper) attr(paper, {x: middle - width / 2 - 2, width: width + 4});
  }

  function draw() {
    const done = steps.slice(0, now);
    const values = new Set(done.flatMap(one => one[2]));
    const grads = new Set(done.flatMap(one => one[3]));
    const [, sweep, newValues, newGrads] = steps[now - 1] || none;
    attr(root, {'data-step': now, 'data-untrue': problem ? '' : null});
    elements.forEach((g, i) => {
      const [from, to] = ends[i];
      const back = grads.has(from) && grads.has(to);
      const used = back && newGrads.includes(from);
      /** @type {Object<string, boolean>} */
      let states;
      if (has(g, 'node')) {
        const own = !has(g, 'copy');
        states = {dim: !values.has(from), bold: own && newValues.includes(from),
          strong: own && newGrads.includes(from), picked: own && from === picked};
        if (from >= 0) {
          const [, value, grad] = nodes[from];
          const exact = (/** @type {Held} */ it, /** @type {Set<number>} */ known) =>
            known.has(from) && !problem ? print(it, repr) : null;
          const its = {'data-value': exact(value, values), 'data-grad': exact(grad, grads)};
          attr(g, its);
          const name = g.querySelector('[data-line="0"]');
          if (own && name) {
            attr(g, {'aria-label': name.textContent +
              (its['data-value'] === null ? '' : `, value ${print(value)}`) +
              (its['data-grad'] === null ? '' : `, gradient ${print(grad)}`)});
          }
        }
      } else if (has(g, 'backward')) {
        states = {off: !back, strong: used};
      } else {
        states = {dim: !values.has(data.wires ? from : to), used,
          bold: newValues.includes(to) && from !== to, strong: used && !paired.has(ends[i] + '')};
      }
      states.path = looked >= 0 && nodes[looked][4].includes(i);
      for (const name in states) g.classList.toggle('gt-' + name, states[name]);
    });
    for (const line of lines) {
      const [from, to] = ends[line.at];
      const known = line.when === 'v' ? values : grads;
      const waits = !known.has(from) || (line.when === 'e' && !known.has(to));
      line.box.classList.toggle('gt-off', line.when !== '' && waits);
      if (line.texts[0] && !problem) write(line);
    }

    const own = (/** @type {number} */ at) => steps.findIndex(one => one[3].includes(at));
    const at = picked < 0 || own(picked) < 0 ? now - 1 : own(picked);
    const said = `<small>${now} of ${steps.length}${sweep && ' · ' + sweep}</small>` +
      (at < 0 ? 'Nothing is known yet.' : equation(steps[at][0], at < now));
    if (said !== latest) caption.innerHTML = latest = said;
    const alone = looked < 0 || looked === picked ? [] : nodes[looked][3];
    const along = alone[0] ? alone : (steps[looked === picked ? -1 : own(looked)] || none)[0];
    path.innerHTML = equation(along, grads.has(looked));
    message.textContent = problem || why;
    slider.value = String(now);
    attr(root, {'data-looks': along[0] ? '' : null, 'data-runs': timer ? '' : null});
    attr(slider, {'aria-valuetext': `step ${now} of ${steps.length}` + (now ? ': ' + spoken(steps[now - 1]) : '')});
    attr(button('play'), {'aria-label': timer ? 'Pause' : 'Play'});
  }

  const spare = document.createElement('p');

  /** Markup as plain text. */
  function flat(/** @type {string} */ markup) {
    spare.innerHTML = fill(markup.replace(/<\/mrow><mrow>/g, '/'), false);
    return spare.textContent || '';
  }

  /** A step in few words: u = bc is 6. */
  function spoken(/** @type {Step} */ [sides, sweep]) {
    const last = sides[sides.length - 1];
    if (sweep === 'inputs') return problem ? sweep : flat(sides.join(''));
    const name = flat(sides[0] + (sweep === 'forward' && sides[2] ? sides[1] : ''));
    return name + (problem || !sides[1] ? '' : flat(last).replace(/^\s=/, ' is'));
  }

  /** So much room for the caption that nothing beneath it moves. */
  function reserve() {
    const stack = /** @type {HTMLElement} */ (caption.parentElement);
    const copy = document.createElement('p');
    stack.append(copy);
    const heights = [...steps, ...nodes.map(one => [one[3]])].map(([sides]) => {
      copy.innerHTML = '<small>0</small>' + /** @type {string[]} */ (sides)
        .map(side => put(side, data.numbers, digits, true)).join('');
      return copy.offsetHeight;
    });
    copy.remove();
    stack.style.minHeight = Math.max(...heights) + 'px';
  }

  function go(/** @type {number} */ to) {
    now = Math.min(Math.max(to, 0), steps.length);
    picked = -1;
    if (now === steps.length) stop();
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
      go(now + 1);
    }, 1600 / Number(/** @type {HTMLSelectElement} */ (speed).value));
  }

  /** @type {Object<string, () => void>} */
  const acts = {
    first: () => go(0),
    previous: () => go(now - 1),
    play: () => {
      if (timer) stop();
      else {
        if (now === steps.length) now = 0;
        run();
      }
      draw();
    },
    next: () => go(now + 1),
    last: () => go(steps.length),
  };
  const button = (/** @type {string} */ name) => all(`[data-action=${name}]`)[0];
  for (const name in acts) button(name).onclick = acts[name];
  const keys = {ArrowRight: 'next', ArrowUp: 'next', ArrowLeft: 'previous', ArrowDown: 'previous',
    Home: 'first', End: 'last', ' ': 'play'};

  root.addEventListener('keydown', event => {
    const act = /** @type {any} */ (keys)[event.key];
    const at = /** @type {Element} */ (event.target);
    const isNode = at.closest('.node') && /^(Enter|\s)$/.test(event.key);
    if (event.ctrlKey || event.metaKey || event.altKey || !(act || isNode)) return;
    event.stopPropagation();
    if (at.matches('select, input:not([data-role])') || (act === 'play' && at.matches('button'))) return;
    event.preventDefault();
    if (isNode) pick(at);
    else acts[act]();
  });
  slider.oninput = () => go(Number(slider.value));

  const over = (/** @type {any} */ at) => {
    const g = at instanceof Element && at.closest('.node');
    return g ? node(g) : -1;
  };

  function pick(/** @type {any} */ at) {
    picked = over(at) === picked ? -1 : over(at);
    draw();
  }

  for (const name of ['pointerover', 'pointerleave', 'focusin', 'focusout']) {
    figure.addEventListener(name, ({target, type}) => {
      const at = /r$|n$/.test(type) ? over(target) : -1;
      if (at !== looked) {
        looked = at;
        draw();
      }
    });
  }
  figure.onclick = ({target}) => {
    if (over(target) >= 0) pick(target);
  };

  /** Compute all numbers anew from the fields. */
  function compute() {
    if (!program || !data.recipes) return;
    const given = fields.map(field => field.valueAsNumber);
    const wrong = given.findIndex(x => !Number.isFinite(x));
    /** @type {Answer} */
    const answer = wrong < 0 ? program(given)
      : {error: `${data.inputs[wrong][0]} is no number: type one`};
    problem = answer.branch || answer.error || '';
    if (!problem) {
      numbers = data.recipes.map(one => made(one, /** @type {Run} */ (answer), data.ends || []));
    }
    draw();
  }
  [[fields, ranges], [ranges, fields]].forEach(([from, to]) => from.forEach((input, i) => {
    input.oninput = () => {
      to[i].value = input.value;
      compute();
      remember();
    };
  }));

  function remember() {
    if (!isPage) return;
    const hash = new URLSearchParams({step: String(now)});
    data.inputs.forEach(([key, slot], i) => {
      if (fields[i].valueAsNumber !== data.numbers[slot]) hash.append(key, fields[i].value);
    });
    try {
      history.replaceState(null, '', '#' + hash);
    } catch { /** A frame that is closed off. */ }
  }

  function recall() {
    const hash = new URLSearchParams(location.hash.slice(1));
    data.inputs.forEach(([key], i) => {
      // An input may be called step, too.
      const value = hash.getAll(key)[Number(key === 'step')];
      if (value && program) fields[i].value = ranges[i].value = value;
    });
    now = Math.min(Math.max(Math.trunc(Number(hash.get('step'))) || 0, 0), steps.length);
    compute();
    draw();
  }

  // What the picture says of itself as a whole would tell what is not known yet.
  all('svg desc, svg g > title').forEach(one => one.remove());
  for (const g of elements) {
    if (has(g, 'node') && !has(g, 'copy')) attr(g, {tabindex: 0, role: 'button'});
  }
  attr(root, {'data-ready': ''});
  part('controls').hidden = false;
  new ResizeObserver(reserve).observe(root);
  if (isPage) {
    addEventListener('hashchange', recall);
    recall();
  } else draw();
}

// The page adds the call.
})();
