-- titre: Couvert arboré en zone construite
-- title: Tree cover within the zone construite
-- définition: terrain de la zone construite de chaque millésime, et ce qui en est de couverture arborée
--   (CS2.1.1 et au-dessous). Sans zone construite, le territoire n'a pas de ligne.
-- definition: ground of each vintage's zone construite, and what of it is of tree cover (CS2.1.1 and
--   below). Without a zone construite the territory has no row.
-- source: nomenclature OCS GE du CNIG ; la mesure est de Millésime
-- subject: OCS GE
-- unit: m², part de 0 à 1
-- columns: series, commune, name, departement, year, zone_m2, trees_m2, trees_share
WITH sums AS (
  SELECT
    series, commune, departement, year,
    SUM(area_half_cm2) AS zone,
    SUM(CASE WHEN cs LIKE 'CS2.1.1%' THEN area_half_cm2 ELSE 0 END) AS trees
  FROM stock
  WHERE zc = true
  GROUP BY series, commune, departement, year
)
SELECT
  v.series, v.commune, v.name, v.departement, v.year,
  s.zone AS zone_half_cm2,
  s.trees AS trees_half_cm2,
  CAST(s.trees AS DOUBLE) / NULLIF(s.zone, 0) AS trees_share
FROM commune_vintages AS v
JOIN sums AS s
  ON s.series = v.series AND s.commune = v.commune AND s.departement = v.departement
  AND s.year = v.year
ORDER BY v.series, v.departement, v.commune, v.year
