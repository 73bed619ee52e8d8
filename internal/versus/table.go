package main

import (
	"fmt"
	"io"
	"slices"
)

// printTable writes the rows as a table in Markdown.
// A peak of least MiB or less is only a bound.
func printTable(w io.Writer, rows []row, least float64) {
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
			withInterval(ratios(kept, wall)), withInterval(ratios(kept, cpu)), peaks(kept, least),
			side(r, kept, true, least), side(r, kept, false, least), pairs)
	}
}

// side is what one of the two took: medians of the pairs that were kept, and
// the spread of all.
func side(r row, kept []pair, ours bool, least float64) string {
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
	peaks := middle("%.1f", of(kept, peak))
	if bound(of(kept, peak), least) {
		peaks = "≤ " + peaks
	}
	return fmt.Sprintf("%s, %s; %s; %s", middle("%.3f", of(kept, wall)), spread, middle("%.3f", perGiB), peaks)
}

// peaks is the ratio of the peaks, as far as it can be told.
func peaks(kept []pair, least float64) string {
	ours, theirs := both(kept, peak)
	ratio := middle("%.2f", ratios(kept, peak))
	switch a, b := bound(ours, least), bound(theirs, least); {
	case ratio == "–" || a && b:
		return "–"
	case a:
		return "≤ " + ratio
	case b:
		return "≥ " + ratio
	}
	return ratio
}

// bound says whether peaks are no more than what can be told. The one that
// starts processes grows a little while it does.
func bound(peaks []float64, least float64) bool {
	const little = 1.05
	return len(peaks) > 0 && median(peaks) <= little*least
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
