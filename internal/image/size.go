package image

import "fmt"

// SizeText writes a size in bytes as Docker does, in powers of 1000.
func SizeText(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%dB", n)
	}
	f := float64(n)
	for _, unit := range []string{"kB", "MB", "GB"} {
		if f /= 1000; f < 1000 || unit == "GB" {
			return fmt.Sprintf("%.3g%s", f, unit)
		}
	}
	return ""
}
