-- title: Ground that changes and changes back over three vintages, by commune
-- definition: ground whose cover and use are the same at the first and the third of three successive
--   vintages of the aligned series, and others between: one of the two changes is likely an error of
--   the vintage in the middle.
-- source: Millésime
-- unit: m² (computed in half square centimetres)
-- columns: commune, name, departement, year_first, year_between, year_last, cs, us, cs_between,
--   us_between, area
SELECT
  commune, name, departement, year_first, year_between, year_last,
  cs, us, cs_between, us_between,
  SUM(area_half_cm2) AS area_half_cm2
FROM returned
GROUP BY
  commune, name, departement, year_first, year_between, year_last, cs, us, cs_between, us_between
ORDER BY
  departement, commune, year_first, cs, us, cs_between, us_between
