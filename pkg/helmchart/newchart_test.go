package helmchart_test

import chartv2 "helm.sh/helm/v4/pkg/chart/v2"

func newChart(values map[string]any) *chartv2.Chart {
	return &chartv2.Chart{Metadata: &chartv2.Metadata{APIVersion: "v2", Name: "c", Version: "1.0.0"}, Values: values}
}
