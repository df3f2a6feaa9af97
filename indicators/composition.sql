-- title: Stock by cover and use, by commune
-- definition: the whole ground of every commune by cover, use and final status at each date; empty
--   codes are ground that the vintage does not cover.
-- source: CNIG OCS GE nomenclature; article R.101-1 of the code de l'urbanisme
-- unit: m² (computed in half square centimetres)
-- columns: series, commune, departement, year, cs, us, artificial, impermeable, area
SELECT
  series, commune, departement, year, cs, us, final AS artificial, impermeable,
  SUM(area_half_cm2) AS area_half_cm2
FROM stock
GROUP BY series, commune, departement, year, cs, us, final, impermeable
ORDER BY series, departement, commune, year, cs, us, artificial, impermeable
