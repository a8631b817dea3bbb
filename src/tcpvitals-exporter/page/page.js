// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The live page: draws what the exporter sends as server-sent events. No library, no request but to the exporter.
"use strict";

const KEEP_MS = 300000, AGAIN_MS = 3000;
const rows = []; // {from, to, slots: Map of slot -> count}, times in ms since 1970
let paused = false, hover = null, waiting = null;

const element = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en", {maximumFractionDigits: 0});

// ---- tables ------------------------------------------------------------------------------------------------------------

// Cells that are numbers stand on the right. A cell may be an element.
function fill(id, lines, none) {
	const body = element(id).tBodies[0], heads = element(id).tHead.rows[0].cells;
	const made = lines.map((cells) => {
		const line = document.createElement("tr");
		cells.forEach((cell, i) => {
			const field = line.insertCell();
			field.className = heads[i].className;
			if (cell instanceof Element) field.append(cell);
			else field.textContent = cell;
			if (i === 0) field.title = cell;
		});
		return line;
	});
	if (!made.length) {
		const line = document.createElement("tr"), field = line.insertCell();
		field.colSpan = heads.length;
		field.className = "none";
		field.textContent = none;
		made.push(line);
	}
	body.replaceChildren(...made);
}

function meter(value, limit) {
	const bar = document.createElement("meter");
	bar.max = Math.max(limit, 1);
	bar.value = value;
	return bar;
}

function duration(ns) {
	const s = ns / 1e9;
	return s < 120 ? s.toFixed(1) + " s" : s < 7200 ? (s / 60).toFixed(1) + " min" : (s / 3600).toFixed(1) + " h";
}

function showSockets(sockets) {
	const states = Object.entries(sockets), most = Math.max(...states.map(([, count]) => count));
	fill("sockets", states.map(([state, count]) => [state, number.format(count), meter(count, most)]), "no sockets");
}

function showChanges(tick) {
	const rate = (count) => (count / tick.seconds).toFixed(1);
	const lines = Object.entries(tick.opened).map(([role, [now, all]]) => ["opened, " + role, rate(now), number.format(all)]);
	for (const [cause, [now, all]] of Object.entries(tick.closed))
		lines.push([cause, rate(now), number.format(all)]);
	fill("changes", lines, "no connection yet");
}

function show(tick) {
	element("host").textContent = tick.host;
	showSockets(tick.sockets);
	showChanges(tick);
	fill("listeners", tick.listeners.map((l) => [l.port, ...[l.backlog, l.highest, l.limit, l.drops].map(number.format)]),
		"no listener");
	const lost = Object.entries(tick.lost).filter(([, count]) => count);
	fill("losses", lost.map(([place, count]) => [place, number.format(count)]), "nothing");
	if (!tick.peers)
		return;
	fill("peers", tick.peers.map((p) => [p.address, number.format(p.connections), (p.rtt_us / 1000).toFixed(3)]), "no peer");
	fill("retrans", tick.retransmissions.map((p) => [p.comm ?? "-", p.pid ?? "-", number.format(p.segments)]), "none");
	fill("stuck", tick.stuck.map((s) => [s.state, (s.at_least ? "≥ " : "") + duration(s.for_ns), s.comm ?? "-", s.pid ?? "-",
		s.local, s.remote]), "none");
}

// ---- heat map ----------------------------------------------------------------------------------------------------------

// Slot i has the times up to 2^((i - 160) / 8) s (abi/time_histogram.h).
const upper = (slot) => 2 ** ((slot - 160) / 8);

function time(seconds) {
	return seconds < 1e-3 ? (seconds * 1e6).toPrecision(3) + " us" :
		seconds < 1 ? (seconds * 1e3).toPrecision(3) + " ms" : seconds.toPrecision(3) + " s";
}

function layout() {
	const canvas = element("rtt"), box = canvas.getBoundingClientRect(), scale = window.devicePixelRatio || 1;
	const font = parseFloat(getComputedStyle(document.body).fontSize) * scale;
	const width = Math.round(box.width * scale), height = Math.round(box.height * scale);
	if (canvas.width !== width || canvas.height !== height) {
		canvas.width = width;
		canvas.height = height;
	}
	let lowest = Infinity, highest = -Infinity;
	for (const row of rows) {
		for (const slot of row.slots.keys()) {
			lowest = Math.min(lowest, slot);
			highest = Math.max(highest, slot);
		}
	}
	// Whole octaves, and at least three of them.
	const first = highest >= lowest ? Math.floor(lowest / 8) * 8 : 64;
	const last = Math.max(highest >= lowest ? Math.ceil((highest + 1) / 8) * 8 : 88, first + 24);
	const now = rows.length ? rows[rows.length - 1].to : Date.now();
	return {canvas, scale, first, last, now, left: 4.2 * font, bottom: height - 1.4 * font, width, height};
}

function draw() {
	const l = layout(), pen = l.canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
	const plain = matchMedia("(forced-colors: active)").matches, heat = style.getPropertyValue("--heat");
	const x = (ms) => l.left + (l.width - l.left) * (1 - (l.now - ms) / KEEP_MS);
	const y = (slot) => l.bottom * (1 - (slot - l.first) / (l.last - l.first));
	const densest = Math.max(1e-9, ...rows.map((row) => Math.max(0, ...row.slots.values()) / (row.to - row.from)));

	pen.clearRect(0, 0, l.width, l.height);
	const size = 0.72 * parseFloat(getComputedStyle(document.body).fontSize) * l.scale;
	pen.font = size + "px system-ui, sans-serif";
	pen.textBaseline = "middle";
	pen.fillStyle = style.getPropertyValue("--faint");
	pen.strokeStyle = style.getPropertyValue("--line");
	const step = 8 * Math.ceil((l.last - l.first) / 8 / (l.bottom / (2 * size)));
	for (let slot = l.first; slot <= l.last; slot += step) {
		pen.fillText(time(upper(slot - 1)), 0, Math.min(Math.max(y(slot), size * .7), l.bottom - size * .4));
		pen.beginPath();
		pen.moveTo(l.left, y(slot));
		pen.lineTo(l.width, y(slot));
		pen.stroke();
	}
	const minutes = l.width - l.left < 38 * size ? 2 : 1;
	for (let back = 0; back <= KEEP_MS; back += minutes * 60000)
		pen.fillText(back ? "-" + back / 60000 + " min" : "now", Math.min(x(l.now - back), l.width - 3 * size), l.height - .7 * size);
	for (const row of rows) {
		const from = Math.max(x(row.from), l.left), across = x(row.to) - from;
		for (const [slot, count] of row.slots) {
			// From a fifth to the whole: a single sample shows.
			const share = 0.2 + 0.8 * Math.sqrt(count / (row.to - row.from) / densest);
			const up = y(slot) - y(slot + 1);
			pen.fillStyle = plain ? "CanvasText" : `rgba(${heat}, ${share})`;
			const high = plain ? up * share : up;
			pen.fillRect(from, y(slot + 1) + up - high, Math.max(across, 1), Math.max(high, 1));
		}
	}
	if (hover && rows[hover.row]) {
		const row = rows[hover.row];
		pen.strokeStyle = style.getPropertyValue("--text");
		pen.strokeRect(x(row.from), y(hover.slot + 1), x(row.to) - x(row.from), y(hover.slot) - y(hover.slot + 1));
	}
}

function describe() {
	const row = hover && rows[hover.row];
	if (!row)
		return;
	const total = [...row.slots.values()].reduce((a, b) => a + b, 0), count = row.slots.get(hover.slot) ?? 0;
	const quantile = (q) => {
		let seen = 0;
		for (const [slot, n] of [...row.slots].sort(([a], [b]) => a - b))
			if ((seen += n) >= q * total)
				return time(upper(slot));
		return "-";
	};
	element("rtt-note").textContent = `${new Date(row.from).toLocaleTimeString()}: ${number.format(count)} of ` +
		`${number.format(total)} samples from ${time(upper(hover.slot - 1))} to ${time(upper(hover.slot))}; ` +
		`p50 ${quantile(.5)}, p99 ${quantile(.99)}`;
}

function point(event) {
	const l = layout(), box = l.canvas.getBoundingClientRect();
	const across = (event.clientX - box.left) * l.scale, down = (event.clientY - box.top) * l.scale;
	const ms = l.now - KEEP_MS * (1 - (across - l.left) / (l.width - l.left));
	const row = rows.findIndex((r) => r.from <= ms && ms < r.to);
	hover = row < 0 ? null : {row, slot: Math.floor(l.first + (l.last - l.first) * (1 - down / l.bottom))};
	describe();
	redraw();
}

function move(event) {
	const steps = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key];
	if (!steps || !rows.length)
		return;
	event.preventDefault();
	if (!hover) {
		const row = rows.length - 1;
		hover = {row, slot: [...rows[row].slots.keys()][0] ?? layout().first};
	} else {
		hover = {row: Math.min(Math.max(hover.row + steps[0], 0), rows.length - 1), slot: hover.slot + steps[1]};
	}
	describe();
	redraw();
}

// At most once for each frame.
function redraw() {
	waiting ??= requestAnimationFrame(() => {
		waiting = null;
		draw();
	});
}

// ---- events ------------------------------------------------------------------------------------------------------------

function addRow(row) {
	rows.push({from: row.from, to: row.to, slots: new Map(row.slots)});
	while (rows.length && rows[0].to < row.to - KEEP_MS) {
		rows.shift();
		if (hover && --hover.row < 0)
			hover = null;
	}
}

function say(text, bad) {
	element("status").textContent = text;
	element("status").classList.toggle("bad", Boolean(bad));
}

function togglePause() {
	paused = !paused;
	element("pause").setAttribute("aria-pressed", paused);
	say(paused ? "paused" : "live");
}

function follow() {
	const events = new EventSource("events");
	events.addEventListener("history", (event) => {
		rows.length = 0;
		JSON.parse(event.data).forEach(addRow);
		redraw();
	});
	events.addEventListener("tick", (event) => {
		const tick = JSON.parse(event.data);
		addRow(tick.rtt);
		if (paused)
			return;
		say("live");
		show(tick);
		redraw();
	});
	events.onerror = () => {
		say("no connection to the exporter: trying again", true);
		// After an answer with an error status, a browser does not try again by itself.
		if (events.readyState === EventSource.CLOSED)
			setTimeout(follow, AGAIN_MS);
	};
}

follow();

element("pause").addEventListener("click", togglePause);
element("rtt").addEventListener("mousemove", point);
element("rtt").addEventListener("keydown", move);
addEventListener("keydown", (event) => {
	if (event.key === "p" && !event.ctrlKey && !event.metaKey && !event.altKey)
		togglePause();
});
addEventListener("resize", redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
