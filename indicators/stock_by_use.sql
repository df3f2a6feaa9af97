-- title: Stock by use, by commune
-- definition: covered ground by use, and how much of it is artificialised and impermeable.
-- source: CNIG OCS GE nomenclature; article R.101-1 of the code de l'urbanisme
-- unit: m² (computed in half square centimetres)
-- columns: series, commune, departement, year, us, area, artificial, impermeable
SELECT
  series, commune, departement, year, us,
  SUM(area_half_cm2) AS area_half_cm2,
  SUM(CASE WHEN final = true THEN area_half_cm2 ELSE 0 END) AS artificial_half_cm2,
  SUM(CASE WHEN impermeable = true THEN area_half_cm2 ELSE 0 END) AS impermeable_half_cm2
FROM stock
WHERE us IS NOT NULL
GROUP BY series, commune, departement, year, us
ORDER BY series, departement, commune, year, us
