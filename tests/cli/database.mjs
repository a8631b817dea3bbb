// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Runs SQL in a database in this process: node database.mjs duckdb|clickhouse FOLDER-WITH-NODE_MODULES DATA-FOLDER. Statements
// come as a JSON array on stdin; the rows of each go to stdout, a JSON array on each line.
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";

const [kind, modules, data] = process.argv.slice(2);
const require = createRequire(modules + "/");
const statements = JSON.parse(readFileSync(0, "utf8"));

async function openDuckdb() {
	const {DuckDBInstance} = require("@duckdb/node-api");
	const connection = await (await DuckDBInstance.create(":memory:")).connect();
	return async (sql) => (await connection.runAndReadAll(sql)).getRowsJson();
}

async function openClickhouse() {
	const {Session} = require("chdb");
	const session = new Session(data);
	return async (sql) => String(session.query(sql, "JSONCompactEachRow")).split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

const query = await (kind === "duckdb" ? openDuckdb() : openClickhouse());
for (const sql of statements) console.log(JSON.stringify(await query(sql)));
