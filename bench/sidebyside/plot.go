package main

import (
	"bytes"
	"fmt"
	"math"
	"slices"
)

type point struct{ x, y float64 }

type line struct {
	name   string
	points []point
}

// The size of a drawing, and of the field of its axes.
const (
	width, height            = 720, 440
	left, top, right, bottom = 70, 50, 590, 380
)

var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7"}

// plot draws lines in a field with logarithmic axes, as SVG.
func plot(title, xName, yName string, lines []line) []byte {
	var all []point
	for _, l := range lines {
		all = append(all, l.points...)
	}
	x := axis(all, func(p point) float64 { return p.x }, left, right)
	y := axis(all, func(p point) float64 { return p.y }, bottom, top)

	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text x="%d" y="28" font-size="16">%s</text>`+"\n", left, title)
	for e := x.from; e <= x.to; e++ {
		at := x.place(math.Pow10(e))
		fmt.Fprintf(&b, `<path d="M%.1f %dV%d" stroke="#ddd"/><text x="%.1f" y="%d" text-anchor="middle">%v</text>`+"\n", at, top, bottom, at, bottom+20, math.Pow10(e))
	}
	for e := y.from; e <= y.to; e++ {
		at := y.place(math.Pow10(e))
		fmt.Fprintf(&b, `<path d="M%d %.1fH%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%v</text>`+"\n", left, at, right, left-8, at+4, math.Pow10(e))
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", (left+right)/2, bottom+42, xName)
	fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", 14, top-6, yName)
	for i, l := range lines {
		colour := colours[i%len(colours)]
		fmt.Fprintf(&b, `<polyline fill="none" stroke="%s" stroke-width="2" points="`, colour)
		for _, p := range l.points {
			fmt.Fprintf(&b, "%.1f,%.1f ", x.place(p.x), y.place(p.y))
		}
		fmt.Fprintln(&b, `"/>`)
		for _, p := range l.points {
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`, x.place(p.x), y.place(p.y), colour)
		}
		fmt.Fprintf(&b, "\n"+`<rect x="%d" y="%d" width="12" height="12" fill="%s"/><text x="%d" y="%d">%s</text>`+"\n",
			right+20, top+24*i, colour, right+38, top+24*i+11, l.name)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// A scale places powers of ten between two ends.
type scale struct {
	from, to   int // powers of ten
	begin, end float64
}

func axis(points []point, of func(point) float64, begin, end float64) scale {
	least := slices.MinFunc(points, func(a, b point) int { return int(math.Copysign(1, of(a)-of(b))) })
	most := slices.MaxFunc(points, func(a, b point) int { return int(math.Copysign(1, of(a)-of(b))) })
	return scale{int(math.Floor(math.Log10(of(least)))), int(math.Ceil(math.Log10(of(most)))), begin, end}
}

func (s scale) place(v float64) float64 {
	return s.begin + (s.end-s.begin)*(math.Log10(v)-float64(s.from))/float64(s.to-s.from)
}
