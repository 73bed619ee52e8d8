package main

import (
	"fmt"
	"io"
	"slices"
)

// printTable writes the rows as a table in Markdown.
func printTable(w io.Writer, rows []row) {
	fmt.Fprintln(w, "| scenario | ours | against | wall ratio [95 %] | CPU ratio [95 %] | peak ratio | ours: s, max/min; CPU s/GiB; MiB | theirs: s, max/min; CPU s/GiB; MiB | pairs |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|")
	for _, r := range rows {
		kept := steady(r.Pairs)
		pairs := fmt.Sprint(len(kept))
		if dropped := len(r.Pairs) - len(kept); dropped > 0 {
			pairs += fmt.Sprintf(", %d dropped", dropped)
		}
		if len(kept) == 0 {
			kept = r.Pairs
			pairs = fmt.Sprintf("%d, all unsteady", len(kept))
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", r.Scenario, r.Ours, r.Against,
			withInterval(ratios(kept, wall)), withInterval(ratios(kept, cpu)), middle("%.2f", ratios(kept, peak)),
			side(r, kept, true), side(r, kept, false), pairs)
	}
}

// side is what one of the two took: medians of the pairs that were kept, and
// the spread of all.
func side(r row, kept []pair, ours bool) string {
	of := func(pairs []pair, figure func(sample) float64) []float64 {
		a, b := both(pairs, figure)
		if !ours {
			a = b
		}
		return slices.DeleteFunc(a, func(x float64) bool { return x <= 0 })
	}
	walls := of(r.Pairs, wall)
	spread := "–"
	if len(walls) > 0 {
		spread = fmt.Sprintf("%.2f", slices.Max(walls)/slices.Min(walls))
	}
	perGiB := of(kept, cpu)
	for i := range perGiB {
		perGiB[i] /= float64(r.Size) / (1 << 30)
	}
	return fmt.Sprintf("%s, %s; %s; %s", middle("%.3f", of(kept, wall)), spread, middle("%.3f", perGiB), middle("%.1f", of(kept, peak)))
}

func withInterval(xs []float64) string {
	if len(xs) == 0 {
		return "–"
	}
	low, high := interval(xs)
	return fmt.Sprintf("%.2f [%.2f, %.2f]", median(xs), low, high)
}

func middle(format string, xs []float64) string {
	if len(xs) == 0 {
		return "–"
	}
	return fmt.Sprintf(format, median(xs))
}
