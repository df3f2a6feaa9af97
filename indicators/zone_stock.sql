-- titre: Stock de chaque zone
-- title: Stock of every zone
-- définition: terrain de chaque zone de chaque couche croisée (une friche, un périmètre, une zone d'un
--   document d'urbanisme), par département et année ; la part est celle du terrain couvert.
-- definition: ground of every zone of every crossed layer (a friche, a perimeter, a zone of a planning
--   document), by département and year; the share is of covered ground.
-- source: les couches de [[crossings]] ; article R.101-1 du code de l'urbanisme
-- subject: OCS GE
-- needs: crossed_stock
-- unit: m², part de 0 à 1
-- columns: series, crossing, zone, zone_kind, zone_name, departement, year, communes, area_m2,
--   covered_m2, artificial_m2, artificial_share, impermeable_m2
SELECT
  series, crossing, zone, zone_kind, zone_name, departement, year,
  COUNT(DISTINCT NULLIF(commune, '')) AS communes,
  SUM(area_half_cm2) AS area_half_cm2,
  SUM(CASE WHEN cs IS NOT NULL THEN area_half_cm2 ELSE 0 END) AS covered_half_cm2,
  SUM(CASE WHEN final = true THEN area_half_cm2 ELSE 0 END) AS artificial_half_cm2,
  CAST(SUM(CASE WHEN final = true THEN area_half_cm2 ELSE 0 END) AS DOUBLE)
    / NULLIF(SUM(CASE WHEN cs IS NOT NULL THEN area_half_cm2 ELSE 0 END), 0) AS artificial_share,
  SUM(CASE WHEN impermeable = true THEN area_half_cm2 ELSE 0 END) AS impermeable_half_cm2
FROM crossed_stock
WHERE zone IS NOT NULL
GROUP BY series, crossing, zone, zone_kind, zone_name, departement, year
ORDER BY series, crossing, zone, zone_kind, zone_name, departement, year
