// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// test_fleet.py puts the JSON of dist/grafana in place of the word at the end, and has the compiler compare it with Grafana's types.
import type { Dashboard, Panel, RowPanel } from "./node_modules/@grafana/schema/dist/esm/raw/dashboard/x/dashboard_types.gen";
import type { FieldConfig, Options } from "./node_modules/@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";
import type { PrometheusDataQuery } from "./node_modules/@grafana/schema/dist/esm/raw/composable/prometheus/dataquery/x/PrometheusDataQuery_types.gen";

// As JSON has it: the value of an enum in place of its name.
type Json<T> = T extends string ? `${T}`
	: T extends number ? number
	: T extends (infer Item)[] ? Json<Item>[]
	: T extends object ? { [Key in keyof T]: Json<T[Key]> }
	: T;

// A panel's own schema leaves open what its kind of panel and its data source define.
type TimeSeries = Omit<Panel, "options" | "fieldConfig" | "targets" | "type"> & {
	type: "timeseries";
	options: Options;
	fieldConfig: {
		defaults: Omit<NonNullable<Panel["fieldConfig"]>["defaults"], "custom"> & { custom: FieldConfig };
		overrides: [];
	};
	targets: PrometheusDataQuery[];
};

export const dashboard: Json<Omit<Dashboard, "panels"> & { panels: (TimeSeries | RowPanel)[] }> = DASHBOARD;
